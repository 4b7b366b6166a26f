"""Stands for systemd: receives what a service tells it on a Unix datagram socket and prints each message as a line of JSON.

A barrier (sd_notify_barrier(3)) is a message with a descriptor, which is closed as systemd does.
"""
import array, json, os, socket, sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("listening", flush=True)
while True:
    data, control, _, _ = listener.recvmsg(4096, socket.CMSG_SPACE(16 * 4))
    for _, kind, content in control:
        if kind == socket.SCM_RIGHTS:
            descriptors = array.array("i")
            descriptors.frombytes(content[: len(content) // 4 * 4])
            for each in descriptors:
                os.close(each)
    variables = dict(line.split("=", 1) for line in data.decode().split("\n") if "=" in line)
    if "BARRIER" not in variables:
        print(json.dumps(variables), flush=True)
