#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The page's server under crowds: tests/load.py [--table FILE] MUSICMAP LIBRARY (which has a map).

What one user who points at songs waits for (a clip a request, 200 of them), alone and while: wrk holds 1,000
and 10,000 connections, others ask 500 times a second, 3,000 connections send a byte now and then, 100,000
requests make no sense. The server must live and its memory stay flat. Prints TAP; needs wrk.
"""
import argparse, json, os, random, resource, selectors, socket, subprocess, sys, threading, time, urllib.request

HEAD = b'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n'


def serve(program, library):
    server = subprocess.Popen([program, 'serve', '--port', '0', '--no-update', '--library', library],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return server, int(server.stdout.readline().split(':')[2].strip('/\n '))


def memory(server):
    with open(f'/proc/{server.pid}/statm', encoding='ascii') as f:
        return int(f.read().split()[1]) * 4096 / 1e6


class User:
    """Asks for clips over one connection, and opens another where it is hung up on."""

    def __init__(self, port, songs):
        self.port, self.songs, self.socket = port, songs, None

    def ask(self, path):
        begun = time.monotonic()
        for _ in range(3):
            try:
                if not self.socket:
                    self.socket = socket.create_connection(('127.0.0.1', self.port), timeout=20)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.socket.sendall(HEAD % path.encode())
                self.read()
                return 1000 * (time.monotonic() - begun)
            except OSError:
                self.socket = None
        return 20000.0

    def read(self):
        data = b''
        while b'\r\n\r\n' not in data:
            more = self.socket.recv(65536)
            if not more:
                raise OSError('hung up')
            data += more
        head, body = data.split(b'\r\n\r\n', 1)
        length = int(next(l for l in head.split(b'\r\n') if l.lower().startswith(b'content-length:')).split(b':')[1])
        while len(body) < length:
            more = self.socket.recv(65536)
            if not more:
                raise OSError('hung up')
            body += more

    def hover(self, n=200):
        times = sorted(self.ask(f'/clip/{self.songs[i % len(self.songs)]}') for i in range(n))
        return times[n // 2], times[n * 99 // 100]


def others(port, rate, stop):
    """A crowd that asks rate times a second in all."""
    def one():
        user = User(port, [])
        while not stop.is_set():
            user.ask('/api/status')
            time.sleep(20 / rate)
    threads = [threading.Thread(target=one, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    return threads


def hold(port, n):
    """Connections that have begun a request."""
    sockets = []
    for _ in range(n):
        s = socket.socket()
        s.setblocking(False)
        try:
            s.connect(('127.0.0.1', port))
        except BlockingIOError:
            pass
        sockets.append(s)
    return sockets


def drip(sockets, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for s in sockets:
            try:
                s.send(b'G')
            except OSError:
                pass
        time.sleep(1)


def nonsense(port, n):
    """Requests that no one would send, a hundred a connection where it lets us."""
    chance = random.Random(1)
    parts = [b'GET', b'POST', b' ', b'/', b'/clip/1', b'HTTP/1.1', b'\r\n', b'Host: localhost', b'Range: bytes=', b'\0',
             b'%00', b'..', b'Content-Length: ', b'99999999999999999999', b'-1', b':', b'\xff\xfe', b'A' * 300,
             b'Transfer-Encoding: chunked', b'\r\n\r\n', b'Cookie: musicmap=', b'Expect: 100-continue']
    sent = 0
    while sent < n:
        with socket.socket() as s:
            s.settimeout(5)
            try:
                s.connect(('127.0.0.1', port))
                for _ in range(100):
                    sent += 1
                    s.sendall(b''.join(chance.choices(parts, k=chance.randrange(1, 12))) + b'\r\n\r\n')
            except OSError:
                pass
    return sent


def wrk(port, connections, seconds=6):
    done = subprocess.run(['wrk', '-t2', f'-c{connections}', f'-d{seconds}s', '-H', 'Host: localhost',
                           f'http://127.0.0.1:{port}/api/map'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return next((line.split()[1] for line in done.stdout.splitlines() if line.startswith('Requests/sec')), '?')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--table')
    parser.add_argument('musicmap')
    parser.add_argument('library')
    a = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    server, port = serve(a.musicmap, a.library)
    rows, bad, count = [], 0, 0

    def report(fine, name, p50, p99, note=''):
        nonlocal bad, count
        alive = server.poll() is None
        count, bad = count + 1, bad + (not (fine and alive))
        print(f'{"ok" if fine and alive else "not ok"} {count} - {name}: hover {p50:.1f} ms, p99 {p99:.1f} ms, '
              f'{memory(server) if alive else 0:.0f} MB {note}', flush=True)
        rows.append((name, p50, p99, memory(server) if alive else 0, note))

    songs = [1]
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/api/map') as reply:
        token = json.load(reply)['map']
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/api/songs?first=0&count=20&map={token}') as reply:
        text = json.load(reply)
        songs = [s['id'] for s in (text['songs'] if isinstance(text, dict) else text)]
    user = User(port, songs)
    user.hover(len(songs))  # clips are made once
    alone = user.hover()
    base = memory(server)
    report(True, 'alone', *alone)
    stop = threading.Event()
    crowd = others(port, 500, stop)
    time.sleep(0.5)
    busy = user.hover()
    stop.set()
    for thread in crowd:
        thread.join()
    report(busy[0] <= 2 * alone[0] + 1, 'while others ask 500 times a second', *busy)
    for connections in (1000, 10000):
        result = {}
        thread = threading.Thread(target=lambda: result.update(rate=wrk(port, connections)))
        thread.start()
        time.sleep(1)
        times = user.hover(50)
        thread.join()
        report(True, f'while wrk holds {connections:,} connections', *times, f'{result.get("rate")} requests/s')
    sockets = hold(port, 3000)
    thread = threading.Thread(target=drip, args=(sockets, 12))
    thread.start()
    time.sleep(8)  # places are scarce: who has not said what they want is hung up on after 5 s
    times = user.hover(50)
    thread.join()
    for s in sockets:
        s.close()
    report(times[0] < 1000, 'while 3,000 connections send a byte a second', *times)
    n = nonsense(port, 100000)
    after = user.hover()
    report(True, f'after {n:,} requests without sense', *after)
    end = memory(server)
    report(end < base + 60, 'memory is flat', *user.hover(), f'from {base:.0f} MB')
    server.terminate()
    if server.wait(20) != 0:
        bad += 1
    print(f'1..{count}')
    if a.table:
        with open(a.table, 'w', encoding='utf-8') as out:
            out.write('| | hover, ms | 99 of 100 within, ms | memory, MB | |\n|---|--:|--:|--:|---|\n')
            out.writelines(f'| {r[0]} | {r[1]:.1f} | {r[2]:.1f} | {r[3]:.0f} | {r[4]} |\n' for r in rows)
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
