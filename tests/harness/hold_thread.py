"""Holds one thread of a program, as a debugger does, until it is gone: hold_thread.py THREAD"""
import ctypes
import os
import sys

ATTACH = 16
OF_ANY_KIND = 0x40000000  # __WALL: threads too

thread = int(sys.argv[1])
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
if ptrace(ATTACH, thread, None, None) != 0:
    sys.exit(f"{os.strerror(ctypes.get_errno())}: this takes root, or kernel.yama.ptrace_scope = 0")
os.waitpid(thread, OF_ANY_KIND)
print("held", flush=True)
while os.WIFSTOPPED(os.waitpid(thread, OF_ANY_KIND)[1]):
    pass
