#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""proxy.py LISTEN TARGET: hands connections on to a Unix socket, from another one or from ADDRESS:PORT.
Stopped (SIGSTOP) it is a network that swallows everything; killed, one that is cut."""
import os, socket, sys, threading


def pour(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    listen, target = sys.argv[1:]
    if ':' in listen:
        address, port = listen.rsplit(':', 1)
        server = socket.create_server((address, int(port)))
    else:
        if os.path.exists(listen):
            os.unlink(listen)
        server = socket.socket(socket.AF_UNIX)
        server.bind(listen)
        os.chmod(listen, 0o777)
    server.listen(64)
    while True:
        client, _ = server.accept()
        there = socket.socket(socket.AF_UNIX)
        try:
            there.connect(target)
        except OSError:
            client.close()
            continue
        for pair in ((client, there), (there, client)):
            threading.Thread(target=pour, args=pair, daemon=True).start()


main()
