"""Runs a command on a pseudo terminal that this process holds; orders come as lines on standard input.

hold: what Ctrl-S does: nothing is taken any more. close: let the terminal go. With "session" as the first argument the terminal is the
command's controlling one, so that letting it go is a SIGHUP. Tells "ended CODE"; a negative code is a signal.
"""
import os, pty, select, subprocess, sys, termios

is_session, command = sys.argv[1] == "session", sys.argv[2:]
if is_session:
    child, master = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
else:
    master, slave = pty.openpty()
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True).pid
print("pid", child, flush=True)

reads = True
while True:
    watched = [sys.stdin] + ([master] if reads and master is not None else [])
    ready, _, _ = select.select(watched, [], [], 0.05)
    if master in ready:
        try:
            os.read(master, 65536)
        except OSError:
            reads = False
    if sys.stdin in ready:
        order = sys.stdin.readline().strip()
        if order == "":
            break
        reads = False
        if order == "hold":
            termios.tcflow(slave, termios.TCOOFF)
        if order == "close":
            os.close(master)
            master = None
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        print("ended", os.waitstatus_to_exitcode(status), flush=True)
        break
