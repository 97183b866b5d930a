#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Supysonic for a test, private: its database in FOLDER, on loopback, gone when it is ended.

    tests/supysonic-server.py FOLDER MUSIC USER PASSWORD [PORT]    prints its port once it answers

A database that is there is used again; MUSIC is scanned each time. Exit status 77: it is not installed.
"""
import os
import sys

folder, music, user, password = sys.argv[1:5]
port = int(sys.argv[5]) if len(sys.argv) > 5 else 0
os.makedirs(folder, exist_ok=True)
os.environ['HOME'] = folder
try:
    sys.path.append('/usr/lib/python3/dist-packages')
    from pony.orm import db_session
    from supysonic.config import DefaultConfig
    from supysonic.managers.folder import FolderManager
    from supysonic.managers.user import UserManager
    from supysonic.scanner import Scanner
    from supysonic.web import create_application
    from werkzeug.serving import WSGIRequestHandler, make_server
except ImportError as e:
    print(e, file=sys.stderr)
    sys.exit(77)


class Config(DefaultConfig):
    BASE = {**DefaultConfig.BASE, 'database_uri': f'sqlite:///{folder}/supysonic.db'}
    WEBAPP = {**DefaultConfig.WEBAPP, 'cache_dir': folder, 'mount_webui': False}
    DAEMON = {**DefaultConfig.DAEMON, 'socket': f'{folder}/none.sock', 'run_watcher': False}


class Quiet(WSGIRequestHandler):
    protocol_version = 'HTTP/1.0'

    def log_request(self, *_):
        pass


fresh = not os.path.exists(f'{folder}/supysonic.db')
app = create_application(Config())
if fresh:
    with db_session:
        UserManager.add(user, password)
        FolderManager.add('music', music)
scanner = Scanner()
scanner.queue_folder('music')
scanner.run()
server = make_server('127.0.0.1', port, app, threaded=True, request_handler=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
