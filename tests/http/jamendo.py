# SPDX-License-Identifier: BSD-2-Clause
"""Jamendo v3.0 as it behaves: errors with status 200, durations as strings now and then."""
import json


def track(request, song):
    url = f'{request.base}/cdn/jamendo/{song.number}.mp3' if song.has_preview else ''
    return {'id': str(song.number), 'name': song.title,
            'duration': str(song.duration) if song.index % 2 else song.duration,
            'artist_id': '1', 'artist_name': song.artist, 'album_name': song.album, 'album_id': '2',
            'license_ccurl': 'http://creativecommons.org/licenses/by-nc-nd/3.0/', 'position': 1,
            'releasedate': f'{song.year}-03-01', 'audio': url, 'audiodownload': '' if song.index % 3 else url,
            'audiodownload_allowed': bool(song.index % 3 == 0), 'shareurl': f'https://www.jamendo.com/track/{song.number}',
            'musicinfo': {'vocalinstrumental': 'vocal', 'speed': 'medium', 'tags': {'genres': [song.genre], 'vartags': []}}}


def answer(state, request, reply, in_time):
    def envelope(code, message, rows):
        reply.body = json.dumps({'headers': {'status': 'failed' if code else 'success', 'code': code,
                                             'error_message': message, 'warnings': '', 'results_count': len(rows)},
                                 'results': rows}).encode()
    if request.query.get('client_id') != 'jamendo-client':
        return envelope(5, 'Your credential is not authorized.', [])
    if not in_time:
        return envelope(6, 'Rate limit exceeded', [])
    if request.path != '/jamendo/v3.0/tracks/':
        return envelope(10, 'Unknown entry point', [])
    limit, offset = int(request.query.get('limit') or 10), int(request.query.get('offset') or 0)
    if not 1 <= limit <= 200:
        return envelope(3, 'limit', [])
    cat, rows = state.catalogue, []
    if 'tags' in request.query or 'fuzzytags' in request.query:
        rows = cat.genre(request.query.get('tags') or request.query['fuzzytags']) or []
    elif 'search' in request.query:
        rows = cat.search(request.query['search'])
    elif 'id' in request.query:
        rows = [cat.by_number[int(i)] for i in request.query['id'].split('+') if i.isdigit() and int(i) in cat.by_number]
    return envelope(0, '', [track(request, s) for s in rows[offset:offset + limit]])
