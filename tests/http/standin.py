#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for Spotify, Deezer, iTunes Search and Jamendo, for tests. See tests/http/README.md.

    tests/http/standin.py --port 0 --clock FILE

Binds 127.0.0.1 and prints one line of JSON: the port and the environment that points musicmap at it.
"""
import argparse, json, os, re, struct, sys, threading, time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import deezer, itunes, jamendo, spotify
from faults import Faults, change
from fixture import Catalogue, Sounds


class Clock:
    """Seconds since 1970: the computer's, or in a file that the client shares and moves on."""

    def __init__(self, path):
        self.file = None
        if path:
            fresh = not os.path.exists(path) or os.path.getsize(path) < 8
            self.file = open(path, 'r+b' if not fresh else 'w+b', buffering=0)
            if fresh:
                self.set(1_800_000_000)

    def now(self):
        if not self.file:
            return time.time()
        self.file.seek(0)
        return struct.unpack('=q', self.file.read(8))[0] / 1e6

    def set(self, seconds):
        if self.file:
            self.file.seek(0)
            self.file.write(struct.pack('=q', int(seconds * 1e6)))


class Window:
    """A sliding window of calls; a client that keeps to the rule never meets its end."""

    def __init__(self, calls, seconds):
        self.calls, self.seconds, self.times, self.exceeded = calls, seconds, [], 0

    def take(self, now):
        self.times = [t for t in self.times if t > now - self.seconds]
        self.times.append(now)
        if len(self.times) <= self.calls:
            return True
        self.exceeded += 1
        return False


class Reply:
    def __init__(self, state, path, status=200, body=b'', **headers):
        self.state, self.path, self.status = state, path, status
        self.headers = {'Content-Type': 'application/json; charset=utf-8'}
        self.headers.update({k.replace('_', '-'): v for k, v in headers.items()})
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()

    def date(self, seconds):
        return formatdate(self.state.clock.now() + seconds, usegmt=True)


class State:
    def __init__(self, options):
        self.options = options
        self.clock = Clock(options.clock)
        short = dict((k, int(v)) for k, v in (x.split('=') for x in options.short))
        self.catalogue = Catalogue(options.seed, options.songs, short)
        self.sounds = Sounds()
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        self.windows = {'deezer': Window(50, 5), 'itunes': Window(20, 60), 'spotify': Window(60, 30),
                        'jamendo': Window(10, 1)}
        self.faults, self.log = Faults(), []
        self.accounts = spotify.Accounts(self)


class Request:
    def __init__(self, handler, body):
        parts = urlsplit(handler.path)
        self.method, self.target, self.path = handler.command, handler.path, parts.path
        self.query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        self.form = {k: v[-1] for k, v in parse_qs(body.decode('utf-8', 'replace')).items()}
        self.headers, self.body = handler.headers, body
        self.base = f'http://{handler.headers.get("Host", "")}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    server_version = 'standin'

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.answer(b'')

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get('Content-Length') or 0)))

    do_PUT = do_POST

    def answer(self, body):
        state, request = self.server.state, Request(self, body)
        if request.path.startswith('/_standin/'):
            return self.send(control(state, request, Reply(state, request.target)), None)
        service = request.path.split('/')[1]
        audio = service == 'cdn'
        if state.faults.drops(request.path, request.method):
            return self.hang_up()
        with state.lock:
            now = state.clock.now()
            window = state.windows.get(service)
            in_time = window is None or window.take(now)
            kind = state.faults.pick(request.path, request.target, audio, service, request.method)
            reply = Reply(state, request.target)
            if not ((kind or '').startswith('s429') and request.method != 'GET'):  # refused: not done
                ROUTES.get(service, missing)(state, request, reply, in_time)
            state.log.append({'t': round(now, 6), 'method': request.method, 'path': request.path,
                              'query': request.query, 'form': request.form, 'fault': kind,
                              'headers': dict(self.headers), 'status': reply.status,
                              'in_time': in_time})
        how = change(kind, reply, request.base) if kind and in_time else None
        self.send(reply, how)

    # ---- sending, well and badly ----

    def send(self, reply, how):
        body = reply.body
        if how in ('close', 'lost'):
            return self.hang_up()
        if how == 'stall':
            return self.stall()
        reply.headers.setdefault('Content-Length', str(len(body)))
        if how == 'uncounted':
            del reply.headers['Content-Length']
            reply.headers['Connection'] = 'close'
            # Never twice at the same place: a length that comes twice is believed, as it must be.
            body = body[:len(body) * (20 + len(self.server.state.log) * 7 % 79) // 100]
        if how == 'badchunk':
            del reply.headers['Content-Length']
            reply.headers['Transfer-Encoding'] = 'chunked'
            body = b'%x\r\n' % len(body) + body + b'\r\nzz\r\n'
        head = f'HTTP/1.1 {reply.status} x\r\n' + ''.join(f'{k}: {v}\r\n' for k, v in reply.headers.items())
        if how == 'closehead':
            self.write(head.encode()[:-10])
            return self.hang_up()
        self.write(head.encode() + b'\r\n')
        if how in ('truncated', 'stallbody'):
            self.write(body[:len(body) // 2])
            return self.hang_up() if how == 'truncated' else self.stall()
        self.write(body)
        if how in ('uncounted', 'badchunk'):
            self.hang_up()

    def write(self, data):
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def hang_up(self):
        self.close_connection = True

    def stall(self):
        """Silent until the client has had enough."""
        self.close_connection = True
        try:
            self.connection.settimeout(20)
            self.connection.recv(1)
        except OSError:
            pass


def missing(state, request, reply, in_time):
    reply.status, reply.body = 404, b'{"error":"Not Found"}'


def cdn(state, request, reply, in_time):
    """Previews: Deezer's are signed and die; Range is obeyed."""
    m = re.fullmatch(r'/cdn/(\w+)/(\w+)\.(mp3|m4a)', request.path)
    song = m and (state.catalogue.by_spotify.get(m.group(2)) if m.group(1) == 'spotify' else
                  state.catalogue.by_number.get(int(m.group(2)) if m.group(2).isdigit() else 0))
    if not song:
        reply.status, reply.body = 404, b''
        return
    if m.group(1) == 'deezer' and not deezer.signature_is_good(state, request.path, request.query.get('hdnea', '')):
        reply.status, reply.body = 403, b'<html><h1>Forbidden</h1></html>'
        reply.headers['Content-Type'] = 'text/html'
        return
    m4a = m.group(3) == 'm4a'
    reply.body = state.sounds.clip_m4a(song) if m4a else state.sounds.clip_mp3(song)
    reply.headers['Content-Type'] = 'audio/x-m4p' if m4a else 'audio/mpeg'
    if r := re.fullmatch(r'bytes=(\d+)-(\d*)', request.headers.get('Range', '')):
        first, last = int(r.group(1)), int(r.group(2) or len(reply.body) - 1)
        reply.headers['Content-Range'] = f'bytes {first}-{last}/{len(reply.body)}'
        reply.status, reply.body = 206, reply.body[first:last + 1]


def control(state, request, reply):
    """POST /_standin/reset | faults | clock | token ; GET /_standin/log | state"""
    what, given = request.path.split('/')[2], json.loads(request.body or b'{}')
    with state.lock:
        if what == 'reset':
            state.reset()
        elif what == 'faults':
            state.faults.reset(**given)
        elif what == 'clock':
            state.clock.set(given['set'] if 'set' in given else state.clock.now() + given['add'])
        elif what == 'accounts':
            state.accounts.configure(**given)
        answer = {'now': state.clock.now(), 'requests': len(state.log),
                  'exceeded': {k: w.exceeded for k, w in state.windows.items()},
                  'faults': state.faults.injected, 'injected': sum(state.faults.injected.values())}
        if what == 'playlists':
            answer = list(state.accounts.playlists.values())
        reply.body = json.dumps(state.log if what == 'log' else answer).encode()
    return reply


ROUTES = {'deezer': deezer.answer, 'itunes': itunes.answer, 'jamendo': jamendo.answer,
          'spotify': spotify.answer, 'accounts': spotify.answer_accounts, 'cdn': cdn}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--port', type=int, default=0, help='0 = any that is free')
    p.add_argument('--clock', help='file with the time, shared with musicmap ($MUSICMAP_CLOCK)')
    p.add_argument('--seed', type=int, default=1, help='of the songs')
    p.add_argument('--songs', type=int, default=14, help='of each genre')
    p.add_argument('--short', nargs='*', default=[], metavar='GENRE=N', help='genres with fewer')
    options = p.parse_args()
    server = ThreadingHTTPServer(('127.0.0.1', options.port), Handler)
    server.daemon_threads = True
    server.state = State(options)
    base = f'http://127.0.0.1:{server.server_port}'
    env = {'MUSICMAP_URL_DEEZER': f'{base}/deezer', 'MUSICMAP_URL_ITUNES': f'{base}/itunes',
           'MUSICMAP_URL_JAMENDO': f'{base}/jamendo/v3.0', 'MUSICMAP_URL_SPOTIFY': f'{base}/spotify/v1',
           'MUSICMAP_URL_SPOTIFY_ACCOUNTS': f'{base}/accounts', 'JAMENDO_CLIENT_ID': 'jamendo-client'}
    if options.clock:
        env['MUSICMAP_CLOCK'] = os.path.abspath(options.clock)
    print(json.dumps({'port': server.server_port, 'base': base, 'environment': env}), flush=True)
    try:
        server.serve_forever(poll_interval=0.05)
    except KeyboardInterrupt:
        pass


if __name__ == '__main__':
    sys.exit(main())
