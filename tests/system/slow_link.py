"""A network device that gives back each packet it is handed, a while later: slow_link.py MILLISECONDS."""
import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def main():
    delay = int(sys.argv[1]) / 1000
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"slow0", IFF_TUN | IFF_NO_PI))
    print("ready", flush=True)
    waiting = collections.deque()  # (when to give it back, packet)
    while True:
        wait = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        if select.select([tun], [], [], wait)[0]:
            waiting.append((time.monotonic() + delay, os.read(tun, 65536)))
        while waiting and waiting[0][0] <= time.monotonic():
            try:
                os.write(tun, waiting.popleft()[1])
            except OSError:
                pass  # a packet that nobody takes is lost, as on any network


if __name__ == "__main__":
    main()
