#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A Subsonic server of the tests' own, for what a real one does not do on demand.

    tests/http/subsonic.py MODE-FILE SOUND USER PASSWORD    prints its port

Written from the public description of the API. MODE-FILE holds words; without them it is a server that knows
tokens and has 1200 songs in pages of at most 500, all of the same sound:
    notoken (code 41)   half (breaks off in the middle of every third reply)   slow (a second for each reply)
    html (a login page)   loop (ignores offsets)   old (search finds nothing; albums)
    older (it knows no search)   lost (does as it is
    told, and its reply is lost)   shut (500)   nonsense (wrong types everywhere)   nodownload (code 50)
    renumbered (other ids)   stubborn (song 3's sound breaks off each time)
"""
import hashlib
import http.server
import json
import sys
import time
import urllib.parse

mode_file, sound_file, user, password = sys.argv[1:5]
sound = open(sound_file, 'rb').read()
lists, count = {}, {'n': 0}


def song(i, modes):
    if 'nonsense' in modes:
        return [None, 7, {'id': {}, 'title': []}, {'id': 'a/b', 'title': 'x'}, {'title': 'no id'},
                {'id': f'ok{i}', 'title': 5, 'duration': 'long', 'genres': 'x', 'isrc': {}, 'userRating': 99,
                 'playCount': [], 'starred': True, 'year': -3}][i % 6]
    return {'id': f'{"new" if "renumbered" in modes else "tr"}-{i}', 'isDir': False, 'type': 'music',
            'title': f'Song {i}', 'artist': f'Artist {i % 37}', 'album': f'Album {i // 10}', 'duration': 60 + i % 50,
            'size': len(sound), 'suffix': 'mp3', 'playCount': i % 5, **({'userRating': 5} if i % 100 == 0 else {})}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def reply(self, body, kind='application/json', status=200):
        if not isinstance(body, bytes):
            body = json.dumps({'subsonic-response': {'status': 'failed' if 'error' in body else 'ok',
                                                     'version': '1.16.1', **body}}).encode()
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        count['n'] += 1
        if 'half' in self.modes and count['n'] % 3 == 0 or self.lose or self.stubborn:
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)

    def do_GET(self):
        self.modes = open(mode_file).read().split()
        self.lose = self.stubborn = False
        url = urllib.parse.urlsplit(self.path)
        q = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        one = lambda name, default='': q.get(name, [default])[0]
        call = url.path.removeprefix('/music/rest/').removesuffix('.view')
        if 'shut' in self.modes:
            return self.reply(b'gone', 'text/plain', 500)
        if 'html' in self.modes:
            return self.reply(b'<html>Log in to the hotel', 'text/html')
        if 'slow' in self.modes:
            time.sleep(0.3)
        if one('u') != user:
            return self.reply({'error': {'code': 40, 'message': 'Wrong username or password'}})
        if 'notoken' in self.modes:
            if 'p' not in q:
                return self.reply({'error': {'code': 41, 'message': 'No tokens here'}})
            good = one('p') == 'enc:' + password.encode().hex()
        else:
            good = one('t') == hashlib.md5((password + one('s')).encode()).hexdigest() and len(one('s')) >= 6
        if not good:
            return self.reply({'error': {'code': 40, 'message': 'Wrong username or password'}})
        getattr(self, call, self.unknown)(q, one)

    def unknown(self, q, one):
        self.reply({'error': {'code': 0, 'message': 'not known'}}, status=404)

    def ping(self, q, one):
        self.reply({})

    def search3(self, q, one):
        if one('query'):
            hits = [s for s in (song(i, self.modes) for i in range(1200)) if one('query') in s['title']]
        elif 'old' in self.modes:
            hits = []
        elif 'older' in self.modes:
            return self.unknown(q, one)
        else:
            offset = 0 if 'loop' in self.modes else int(one('songOffset', '0'))
            hits = [song(i, self.modes) for i in range(1200)][offset:offset + min(500, int(one('songCount', '20')))]
        self.reply({'searchResult3': {'song': hits} if hits else {}})

    def getAlbumList2(self, q, one):
        o, n = int(one('offset', '0')), int(one('size', '10'))
        self.reply({'albumList2': {'album': [{'id': f'al-{i}'} for i in range(120)][o:o + n]}})

    def getAlbum(self, q, one):
        a = int(one('id')[3:])
        self.reply({'album': {'id': one('id'), 'song': [song(i, self.modes) for i in range(10 * a, 10 * a + 10)]}})

    def download(self, q, one):
        if 'nodownload' in self.modes:
            return self.reply({'error': {'code': 50, 'message': 'You may not'}})
        self.reply(sound, 'audio/mpeg')

    def stream(self, q, one):
        self.stubborn = 'stubborn' in self.modes and one('id') == 'tr-3'
        self.reply(sound, 'audio/mpeg')

    def getPlaylists(self, q, one):
        self.reply({'playlists': {'playlist': [{'id': f'pl-{n}', 'name': n, 'owner': user} for n in lists]}})

    def getPlaylist(self, q, one):
        self.reply({'playlist': {'id': one('id'), 'entry': [{'id': i} for i in lists[one('id')[3:]]]}})

    def createPlaylist(self, q, one):
        lists[one('playlistId')[3:] if 'playlistId' in q else one('name')] = q.get('songId', [])
        self.lose = 'lost' in self.modes
        self.reply({})

    def updatePlaylist(self, q, one):
        lists[one('playlistId')[3:]].extend(q.get('songIdToAdd', []))
        self.lose = 'lost' in self.modes
        self.reply({})


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
