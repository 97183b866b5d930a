# SPDX-License-Identifier: BSD-2-Clause
"""The iTunes Search API as it behaves: blank lines in front, text/javascript, an empty 403 for haste."""
import json


def track(request, song):
    out = {'wrapperType': 'track', 'kind': 'song', 'artistId': song.number // 2, 'collectionId': song.number // 3,
           'trackId': song.itunes, 'artistName': song.artist, 'collectionName': song.album,
           'trackName': song.title, 'trackViewUrl': f'https://music.apple.com/us/album/x/{song.itunes}',
           'releaseDate': f'{song.year}-03-01T12:00:00Z', 'trackTimeMillis': song.duration * 1000 + 341,
           'country': 'USA', 'currency': 'USD', 'primaryGenreName': 'Genre', 'isStreamable': True}
    if song.has_preview:
        out['previewUrl'] = f'{request.base}/cdn/itunes/{song.number}.m4a'
    return out


def answer(state, request, reply, in_time):
    if not in_time:
        reply.status, reply.body = 403, b''
        return
    rows = []
    if request.path == '/itunes/search':
        limit = min(int(request.query.get('limit') or 50), 200)
        term = request.query.get('term', '')
        if request.query.get('attribute') == 'genreIndex':
            rows = state.catalogue.genre(term) or []
        elif term:
            rows = state.catalogue.search(term)
        rows = [track(request, s) for s in rows[:limit]]
        if rows:  # what is no song comes along
            rows.insert(1, {'wrapperType': 'collection', 'collectionId': 1, 'collectionName': 'x'})
    elif request.path == '/itunes/lookup' and 'isrc' not in request.query:
        wanted = request.query.get('id', '').split(',')
        rows = [track(request, s) for s in state.catalogue.songs if str(s.itunes) in wanted]
    else:
        reply.status, reply.body = 404, b''
        return
    reply.headers['Content-Type'] = 'text/javascript; charset=utf-8'
    reply.headers['Content-Disposition'] = 'attachment; filename=1.txt'
    reply.body = b'\n\n\n' + json.dumps({'resultCount': len(rows), 'results': rows}, indent=1).encode()
