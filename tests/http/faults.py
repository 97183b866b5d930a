# SPDX-License-Identifier: BSD-2-Clause
"""What can go wrong with a reply, made to order: doc in tests/http/README.md.

A rule picks requests by route and count; a storm picks them at random from a seed. A kind is either a
change of the reply (status, headers, body) or a way of sending it (cut, stalled, ...).
"""
import gzip, random, re

JSON_KINDS = ('status500 status502 status503 s429 s429missing s429word s429date s429zero s408 empty html cut '
              'truncated uncounted badchunk gzip brokengzip close closehead stall stallbody dupkeys deep '
              'badutf8 nul bom huge circle elsewhere nulls strings').split()
AUDIO_KINDS = ('status500 status503 html empty truncated uncounted badchunk close closehead stall stallbody '
               'brokengzip circle elsewhere s429 huge').split()
OWN_KINDS = {'deezer': ['code4', 'code700', 'errorstring'], 'spotify': ['expired', 'expired'], 'jamendo': ['code6']}
HARMLESS = set('gzip dupkeys deep badutf8 nul bom nulls strings'.split())


class Faults:
    def __init__(self):
        self.reset()

    def reset(self, seed=0, rate=0.0, rules=(), kinds=None, row=2):
        """row: at most so many faults one after the other for the same address."""
        self.random, self.rate, self.rules, self.row = random.Random(seed), rate, list(rules), row
        self.kinds = kinds
        self.counts, self.in_row, self.injected = {}, {}, {}

    def drops(self, path, method):
        """A rule of kind "dropped": the request is lost before anything is done."""
        for i, rule in enumerate(self.rules):
            if rule['kind'] == 'dropped' and re.search(rule['route'], path) and rule.get('method', method) == method:
                n = self.counts[i] = self.counts.get(i, 0) + 1
                if rule.get('nth', 1) <= n <= rule.get('last', rule.get('nth', 10**9)):
                    self.note('dropped', path)
                    return True
        return False

    def pick(self, path, address, audio, service='', method='GET'):
        for i, rule in enumerate(self.rules):
            if rule['kind'] != 'dropped' and re.search(rule['route'], path) and rule.get('method', method) == method:
                n = self.counts[i] = self.counts.get(i, 0) + 1
                first, last = rule.get('nth', 1), rule.get('last', rule.get('nth', 10**9))
                if first <= n <= last:
                    return self.note(rule['kind'], address)
        if self.rate and self.random.random() < self.rate and self.in_row.get(address, 0) < self.row:
            kinds = AUDIO_KINDS if audio else JSON_KINDS + OWN_KINDS.get(service, [])
            kinds = [k for k in kinds if not self.kinds or k in self.kinds]
            if kinds:
                return self.note(self.random.choice(kinds), address)
        self.in_row[address] = 0
        return None

    def note(self, kind, address):
        self.in_row[address] = self.in_row.get(address, 0) + 1
        self.injected[kind] = self.injected.get(kind, 0) + 1
        return kind


def change(kind, reply, host):
    """Changes reply (status, headers, body); returns how it is to be sent: None = as it is."""
    if m := re.fullmatch(r'status(\d+)', kind):
        reply.status, reply.body = int(m.group(1)), b'<html><h1>oops</h1></html>' if kind == 'status502' else b''
        reply.headers['Content-Type'] = 'text/html'
    elif kind == 's408':
        reply.status, reply.body = 408, b''
    elif kind.startswith('s429'):
        reply.status, reply.body = 429, b'{"error":{"status":429,"message":"API rate limit exceeded"}}'
        after = {'s429': '1', 's429zero': '0', 's429word': 'abc', 's429date': reply.date(3),
                 's429day': '86400'}.get(kind)
        if after is not None:
            reply.headers['Retry-After'] = after
        if kind == 's429quota':  # the account's: nobody says when it ends
            reply.body = b'{"error":{"status":429,"message":"Quota exceeded","reason":"QUOTA_EXCEEDED"}}'
    elif kind == 'empty':
        reply.body = b''
    elif kind == 'html':
        reply.body = b'<!DOCTYPE html><html><body>Please log in to the Wi-Fi</body></html>'
        reply.headers['Content-Type'] = 'text/html'
    elif kind == 'cut':
        reply.body = reply.body[:len(reply.body) * 2 // 3]
    elif kind == 'gzip':
        reply.body = gzip.compress(reply.body, 1)
        reply.headers['Content-Encoding'] = 'gzip'
    elif kind == 'brokengzip':
        reply.body = gzip.compress(reply.body, 1)[:-20] + b'x' * 12
        reply.headers['Content-Encoding'] = 'gzip'
    elif kind in ('dupkeys', 'deep', 'badutf8', 'nul'):
        extra = {'dupkeys': b'"zz":1,"zz":2,', 'deep': b'"zz":' + b'[' * 200 + b']' * 200 + b',',
                 'badutf8': b'"zz":"\xff\xfe\xc3",', 'nul': b'"zz":"a\\u0000b",'}[kind]
        reply.body = re.sub(rb'^(\s*\{)(?=\s*")', lambda m: m.group(1) + extra, reply.body)
    elif kind == 'bom':
        reply.body = b'\xef\xbb\xbf' + reply.body
    elif kind == 'nulls':
        reply.body = re.sub(rb'("(?:data|items|results)": ?\[)(?=\{)', rb'\1null,7,{},', reply.body)
    elif kind == 'strings':
        reply.body = re.sub(rb'("(?:duration|duration_ms|trackTimeMillis|total)": ?)(\d+)', rb'\1"\2"', reply.body)
    elif kind in ('code4', 'code700'):
        reply.body = (b'{"error":{"type":"Exception","message":"Quota limit exceeded","code":4}}' if kind == 'code4' else
                      b'{"error":{"type":"Exception","message":"Service busy","code":700}}')
    elif kind == 'code300':
        reply.body = b'{"error":{"type":"OAuthException","message":"Invalid OAuth access token","code":300}}'
    elif kind == 'hello':
        reply.body = b'ID3\4' + b'this is text, whatever it begins with\n' * 400
    elif kind == 'errorstring':
        reply.status, reply.body = 503, b'{"error":"Service Unavailable"}'
    elif kind == 'code6':
        reply.body = (b'{"headers":{"status":"failed","code":6,"error_message":"Rate limit exceeded",'
                      b'"results_count":0},"results":[]}')
    elif kind == 'expired':
        reply.status, reply.body = 401, b'{"error":{"status":401,"message":"The access token expired"}}'
        reply.headers['WWW-Authenticate'] = 'Bearer realm="spotify", error="invalid_token"'
    elif kind == 'huge':
        reply.body = b' ' * (40 << 20)
    elif kind == 'circle':
        reply.status, reply.body = 302, b''
        reply.headers['Location'] = reply.path
    elif kind == 'elsewhere':
        reply.status, reply.body = 302, b''
        reply.headers['Location'] = 'https://login.hotel.example/?next=1'
    else:
        return kind
    return None
