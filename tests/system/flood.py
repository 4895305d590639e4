"""Strangers at the controller's door: flood.py KIND ADDRESS PORT CONNECTIONS RATE. Until it is killed it holds so many
connections, opening at most so many a second: those that the controller ends are opened again. Each second it says how many
it holds and has opened.

  silent   says nothing                       garbage  says what no peer says
  slow     a byte of a greeting at a time     hello    a good greeting, and then nothing
"""
import os
import selectors
import socket
import sys
import time

HELLO = b"MOIS\x01\x01"


def words(kind):
    if kind == "silent":
        return b""
    return os.urandom(300) if kind == "garbage" else HELLO + os.urandom(32)


class Flood:
    def __init__(self, kind, address, port, most, rate):
        self.kind, self.address, self.most, self.rate = kind, (address, port), most, rate
        self.selector = selectors.DefaultSelector()
        self.held = {}  # socket -> what it has still to say
        self.opened = 0

    def open(self):
        peer = socket.socket()
        peer.setblocking(False)
        peer.connect_ex(self.address)
        self.selector.register(peer, selectors.EVENT_READ)
        self.held[peer] = words(self.kind)
        self.opened += 1

    def close(self, peer):
        self.selector.unregister(peer)
        del self.held[peer]
        peer.close()

    def speak(self, peer):
        n = 1 if self.kind == "slow" else len(self.held[peer])
        try:
            self.held[peer] = self.held[peer][peer.send(self.held[peer][:n]):]
        except BlockingIOError:
            pass
        except OSError:
            self.close(peer)

    def run(self):
        began = told = time.monotonic()
        while True:
            now = time.monotonic()
            while len(self.held) < self.most and self.opened < (now - began) * self.rate:
                self.open()
            for peer in [peer for peer, rest in self.held.items() if rest]:
                self.speak(peer)
            for key, _ in self.selector.select(0.02):
                try:
                    if not key.fileobj.recv(4096):
                        self.close(key.fileobj)
                except BlockingIOError:
                    pass
                except OSError:
                    self.close(key.fileobj)
            if now - told >= 1:
                told = now
                print(f"{len(self.held)} {self.opened}", flush=True)


if __name__ == "__main__":
    Flood(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])).run()
