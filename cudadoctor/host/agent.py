"""Answers questions on another machine: the far end of `--via`. Standard library only, Python 3.6 and newer.

It arrives on the standard input of `python3 -` together with its questions, prints the answers between two marks and
is gone: nothing is installed, written or left running. The questions, answers, caps and refusals are those of
`cudadoctor.host.codec`; what this file and `LocalHost` say of one machine is compared by a test.

It ends, and ends what it started, when its time is over, on SIGTERM and SIGHUP, and when nobody reads its output any
more (a lost connection).
"""

import base64
import errno
import fnmatch
import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
import threading
import time

try:
    import zlib
except ImportError:  # a Python that was built without it still has something to say
    zlib = None

BEGIN, END = "--- cudadoctor-agent/1 begin", "--- cudadoctor-agent/1 end"
READ_LIMIT = 1 << 20
GLOB_LIMIT = 10000
OUTPUT_LIMIT = 1 << 20
MOST_LOOKS = 400000
GRACE, PATIENCE, WINDOW, TICK = 0.2, 0.3, 2.0, 0.02
WORKERS = 12
HELPER = "@python"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
FORBIDDEN = (errno.EACCES, errno.EPERM)
KINDS = (
    (stat.S_IFREG, "file"),
    (stat.S_IFDIR, "dir"),
    (stat.S_IFLNK, "link"),
    (stat.S_IFCHR, "char"),
    (stat.S_IFBLK, "block"),
    (stat.S_IFIFO, "fifo"),
    (stat.S_IFSOCK, "socket"),
)
RUNNING = set()
STOPPED = []


class Refused(Exception):  # noqa: N818
    """An answer that is a refusal; `data` is its JSON."""

    def __init__(self, kind, reason="", **more):
        Exception.__init__(self, kind)
        self.data = dict(more, kind=kind)
        if reason:
            self.data["reason"] = reason


def refusal(error):
    """The refusal that an error of the operating system is."""
    if not isinstance(error, OSError):
        return Refused("missing", "no such name: it holds a NUL character")
    reason = error.strerror or type(error).__name__
    if error.errno in NOT_THERE:
        return Refused("missing", reason)
    if error.errno in FORBIDDEN:
        return Refused("denied", reason)
    return Refused("failed", reason)


def pack(value):
    """Bytes as JSON: text where they are UTF-8."""
    try:
        return {"text": value.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def unpack(data):
    """The inverse."""
    if "base64" in data:
        return base64.b64decode(data["base64"])
    text = "".join(data["lines"]) if "lines" in data else data["text"]
    return text.encode("utf-8", "surrogatepass")


def regular(mode):
    """Only regular files are opened: opening a device or a pipe may have effects, or wait."""
    if stat.S_ISDIR(mode):
        raise Refused("failed", os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise Refused("failed", "not a regular file")


def read(asked):
    path, offset, limit = asked["path"], asked.get("offset", 0), asked.get("limit", READ_LIMIT)
    large = Refused("too-large", "more than %d bytes" % limit)
    regular(os.stat(path).st_mode)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        entry = os.fstat(handle)
        regular(entry.st_mode)
        if 0 <= limit < entry.st_size - offset:
            raise large
        if offset:
            os.lseek(handle, offset, os.SEEK_SET)
        most, pieces = (-limit if limit < 0 else limit + 1), []
        while most > 0:
            piece = os.read(handle, min(most, 1 << 18))
            if not piece:
                break
            pieces.append(piece)
            most -= len(piece)
    finally:
        os.close(handle)
    content = b"".join(pieces)
    if 0 <= limit < len(content):
        raise large
    return pack(content)


def look(asked):
    path = asked["path"]
    entry = os.lstat(path)
    kind = next((kind for bits, kind in KINDS if stat.S_IFMT(entry.st_mode) == bits), "other")
    return {
        "kind": kind,
        "mode": stat.S_IMODE(entry.st_mode),
        "uid": entry.st_uid,
        "gid": entry.st_gid,
        "size": entry.st_size,
        "target": os.readlink(path) if kind == "link" else None,
        "device": [os.major(entry.st_rdev), os.minor(entry.st_rdev)] if kind in ("char", "block") else None,
    }


def realpath(asked):
    path = asked["path"]
    if not path:
        raise Refused("missing", os.strerror(errno.ENOENT))
    found = os.path.realpath(path)
    os.stat(path)  # raises where it, or what a link leads to, is not there
    return found


class Walk(object):
    """Patterns as in a shell; hidden names only by a dot, `**` never through a link."""

    def __init__(self):
        self.looks = 0

    def listed(self, base, folders=False):
        if self.looks > MOST_LOOKS:
            return []
        found = []
        try:
            with os.scandir(base or ".") as entries:
                for entry in entries:
                    if not folders or entry.is_dir(follow_symlinks=False):
                        found.append(entry.name)
                    self.looks += 1
                    if self.looks > MOST_LOOKS:
                        break
        except (OSError, ValueError):
            return []
        return sorted(found)

    def names(self, base, part):
        accept = re.compile(fnmatch.translate(part or "*")).match
        hidden = part is not None and part.startswith(".")
        return [base + name for name in self.listed(base) if name.startswith(".") == hidden and accept(name)]

    def folders(self, base):
        todo = [base]
        while todo:
            here = todo.pop()
            inner = [here + name for name in self.listed(here, folders=True) if not name.startswith(".")]
            for path in inner:
                yield path
            todo += [path + "/" for path in reversed(inner)]

    def match(self, base, parts):
        if not parts:
            return
        part, rest = parts[0], parts[1:]
        if part == "**":
            for start in [base] + [folder + "/" for folder in self.folders(base)]:
                for path in self.match(start, rest) if rest else self.names(start, None):
                    yield path
            return
        if re.search(r"[*?\[]", part):
            paths = self.names(base, part)
        else:
            while rest and not re.search(r"[*?\[]", rest[0]):
                part, rest = part + "/" + rest[0], rest[1:]
            paths = [base + part] if rest or os.path.lexists(base + part) else []
        for path in paths:
            for deeper in self.match(path + "/", rest) if rest else [path]:
                yield deeper


def expand(asked):
    pattern, limit = asked["pattern"], asked.get("limit", GLOB_LIMIT)
    if "\0" in pattern or not pattern:
        return []
    found = set()
    for path in Walk().match("/" if pattern.startswith("/") else "", [part for part in pattern.split("/") if part]):
        if not pattern.endswith("/"):
            found.add(path)
        elif os.path.isdir(path):
            found.add(path + "/")
        if len(found) >= limit:
            break
    return sorted(found)


def opens(asked):
    flags = (os.O_RDWR if asked["write"] else os.O_RDONLY) | os.O_NONBLOCK | os.O_NOCTTY
    try:
        os.close(os.open(asked["path"], flags))
    except OSError as error:
        return {"ok": False, "errno": error.errno or errno.EIO}
    except ValueError:
        return {"ok": False, "errno": errno.ENOENT}
    return {"ok": True, "errno": 0}


def runnable(path):
    try:
        return os.access(path, os.X_OK) and stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def which(name):
    if "/" in name:
        return [name] if runnable(name) else []
    found = []
    for folder in os.environ.get("PATH", DEFAULT_PATH).split(":"):
        path = os.path.join(folder or ".", name)
        if name and path not in found and runnable(path):
            found.append(path)
    return found


def usage(pid, io=False):
    """State, parent, session, ticks, birth, user ticks, page faults and bytes moved of one process; None: no such."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as stream:
            fields = stream.read(4096).rpartition(b")")[2].split()
        faults, user, system = (sum(int(fields[at]) for at in some) for some in ((7, 8, 9, 10), (11, 13), (12, 14)))
        found = [fields[0].decode(), int(fields[1]), int(fields[3]), user + system, int(fields[19]), user, faults, 0]
    except (OSError, ValueError, IndexError):
        return None
    if io:
        try:
            with open("/proc/%d/io" % pid, "rb") as stream:
                found[7] = sum(int(line.split()[1]) for line in stream.read(4096).splitlines()[:4])
        except (OSError, ValueError, IndexError):
            pass
    return found


def family(leader):
    """The program, its session and all descendants."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return {}
    everybody = dict((pid, usage(pid)) for pid in pids)
    everybody = dict((pid, one) for pid, one in everybody.items() if one)
    members = set(pid for pid, one in everybody.items() if leader in (pid, one[2]))
    more = members
    while more:
        more = set(pid for pid, one in everybody.items() if one[1] in more) - members
        members = members | more
    found = dict((pid, usage(pid, io=True)) for pid in sorted(members))
    return dict((pid, one) for pid, one in found.items() if one)


def grown(before, after, at):
    """By how much a counter grew in all processes together."""
    total = 0
    for pid, one in after[1].items():
        then = before[1].get(pid)
        total += one[at] - (then[at] if then and then[4] == one[4] else 0)
    return total


def hung(middle, late, now):
    """Whether it got nowhere: an endless loop since `middle`, or nothing at all since `late`. None: not known."""
    clock = float(os.sysconf("SC_CLK_TCK"))
    if middle and now[1] and now[0] > middle[0] and middle[2] == now[2] and set(middle[1]) == set(now[1]):
        ticks, user, faults = grown(middle, now, 3), grown(middle, now, 5), grown(middle, now, 6)
        if grown(middle, now, 7) == 0 and user / clock >= 0.1 * (now[0] - middle[0]):
            if user >= 0.9 * ticks and faults < 64:
                return True
    if not late or not now[1] or now[0] <= late[0]:
        return None
    seconds = now[0] - late[0]
    if grown(late, now, 3) / clock >= 0.01 * seconds or late[2] != now[2]:
        return False
    moved = grown(late, now, 7)
    return moved == 0 if set(late[1]) == set(now[1]) else moved < 16384 * seconds


def end_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass


class Child(object):
    """One program at work."""

    def __init__(self, argv, env, stdin):
        self.pipe = subprocess.PIPE if stdin else subprocess.DEVNULL
        self.proc = subprocess.Popen(
            argv,
            stdin=self.pipe,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            bufsize=0,
            start_new_session=True,
        )
        self.kept = [bytearray(), bytearray()]
        self.seen = [0, 0]
        self.readers = [
            threading.Thread(target=self.take, args=(0, self.proc.stdout)),
            threading.Thread(target=self.take, args=(1, self.proc.stderr)),
        ]
        if stdin:
            self.readers.append(threading.Thread(target=self.feed, args=(stdin,)))
        for reader in self.readers:
            reader.daemon = True
            reader.start()

    def take(self, which_one, pipe):
        while True:
            try:
                piece = os.read(pipe.fileno(), 1 << 16)
            except (OSError, ValueError):
                return
            if not piece:
                return
            self.seen[which_one] += len(piece)
            kept = self.kept[which_one]
            kept += piece[: max(0, OUTPUT_LIMIT - len(kept))]

    def feed(self, stdin):
        try:
            self.proc.stdin.write(stdin)
        except (OSError, ValueError):
            pass
        try:
            self.proc.stdin.close()
        except OSError:
            pass

    def activity(self):
        return time.time(), family(self.proc.pid), sum(self.seen)

    def drain(self):
        """Reads on for a moment: something that it started may keep its output open."""
        end = time.time() + GRACE
        for reader in self.readers[:2]:
            reader.join(max(0.0, end - time.time()))


def run(asked):
    argv, timeout, start = list(asked["argv"]), float(asked["timeout"]), time.time()
    env = dict((name, value) for name, value in os.environ.items() if name != "LANGUAGE")
    env.update(LC_ALL="C", LANG="C")
    for name, value in asked.get("env", {}).items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    program = sys.executable if argv[0] == HELPER else argv[0]
    if not program:
        raise Refused("missing", "the interpreter's own path is not known")
    found = which(program)
    if STOPPED:
        raise Refused("failed", "stopped")
    try:
        stdin = unpack(asked.get("stdin", {"text": ""}))
        child = Child([found[0] if found else program, *argv[1:]], env, stdin)
    except OSError as error:
        if error.errno == errno.ENOENT:
            if found:
                raise Refused("failed", "it is there, but its interpreter or loader is not")
            raise Refused("missing", "no such program")
        raise
    RUNNING.add(child)
    try:
        return outcome(child, timeout, start)
    finally:
        RUNNING.discard(child)


def outcome(child, timeout, start):
    """What became of it by its deadline."""
    looks = [start + timeout / 2, start + timeout - min(WINDOW, timeout / 3)]
    seen = []
    while child.proc.poll() is None:
        now = time.time()
        if now >= start + timeout:
            over(child, timeout, start, seen)
        while len(seen) < len(looks) and now >= looks[len(seen)]:
            seen.append(child.activity())
        time.sleep(TICK)
    seconds = time.time() - start
    child.drain()
    end_group(child.proc.pid)
    return {
        "returncode": child.proc.returncode,
        "stdout": pack(bytes(child.kept[0])),
        "stderr": pack(bytes(child.kept[1])),
        "truncated": any(child.seen[at] > len(child.kept[at]) for at in (0, 1)),
        "seconds": round(seconds, 3),
    }


def over(child, timeout, start, seen):
    """Ends it and all that it started, and says how it stood. Raises Refused."""
    after = child.activity()
    middle, late = [*seen, None, None][:2]
    end_group(child.proc.pid)
    for pid in after[1]:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    survivor, end = child.proc.pid, time.time() + PATIENCE
    while survivor is not None and time.time() < end:
        survivor = alive(child, after[1])
        if survivor is not None:
            time.sleep(TICK)
    child.drain()
    reason = "no end within %g s" % timeout
    if survivor is not None:
        one = usage(survivor)
        reason += "; process %d could not be killed%s" % (survivor, " (state %s)" % one[0] if one else "")
    raise Refused(
        "timed-out",
        reason,
        seconds=round(time.time() - start, 3),
        stdout=pack(bytes(child.kept[0])),
        stderr=pack(bytes(child.kept[1])),
        pid=survivor if survivor is not None else child.proc.pid,
        stuck=survivor is not None,
        idle=hung(middle, late, after),
    )


def alive(child, members):
    """A process that is still there after SIGKILL; None where all are gone."""
    if child.proc.poll() is None:
        return child.proc.pid
    for pid, then in members.items():
        now = usage(pid)
        if pid != child.proc.pid and now and now[4] == then[4] and now[0] not in "ZX":
            return pid
    return None


def name_of(find, number):
    try:
        return find(number)[0]
    except (KeyError, ImportError):
        return None


def processes(asked):
    import pwd

    found = []
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            owner = os.stat("/proc/%d" % pid).st_uid
            with open("/proc/%d/stat" % pid, "rb") as stream:
                head = stream.read(4096).rpartition(b")")[0]
            with open("/proc/%d/cmdline" % pid, "rb") as stream:
                words = stream.read(1 << 20).split(b"\0")
        except OSError:
            continue  # it ended meanwhile, or is not for this user to see
        argv = [os.fsdecode(word)[:4096] for word in words[:-1][:256]]
        name = os.fsdecode(head.partition(b"(")[2])
        if len(name) >= 15 and argv and os.path.basename(argv[0]).startswith(name):
            name = os.path.basename(argv[0])  # the kernel keeps 15 characters of it
        found.append({"pid": pid, "name": name, "owner": name_of(pwd.getpwuid, owner) or str(owner), "argv": argv})
    return found


def identity(asked):
    import grp
    import pwd

    uname, uid = os.uname(), os.getuid()
    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        account = None
    groups = sorted(set(os.getgroups()) | set([os.getegid()]))
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or None
    except (OSError, ValueError):
        libc = None
    return {
        "machine": uname.machine,
        "kernel": uname.release,
        "libc": libc,
        "user": account.pw_name if account else None,
        "uid": uid,
        "groups": [name_of(grp.getgrgid, gid) or str(gid) for gid in groups],
        "hostname": uname.nodename or None,
        "home": (account.pw_dir or None) if account else None,
        "cwd": here(),
        "tool_prefix": None,  # cudadoctor is not installed here
    }


def here():
    try:
        return os.getcwd()
    except OSError:
        return None


def space(path):
    """Size and what is free for this user, in bytes; None where it is read-only or not known."""
    try:
        found = os.statvfs(path)
    except (OSError, ValueError):
        return None
    if found.f_flag & os.ST_RDONLY or not found.f_blocks:
        return None
    return found.f_frsize * found.f_blocks, found.f_frsize * found.f_bavail


def limits(asked):
    import resource

    def soft(what):
        value = resource.getrlimit(what)[0]
        return None if value == resource.RLIM_INFINITY else value

    env = os.environ
    places = {
        "root": "/",
        "home": env.get("HOME"),
        "tmp": env.get("TMPDIR") or "/tmp",
        "env": env.get("VIRTUAL_ENV") or env.get("CONDA_PREFIX"),
        "work": here(),
    }
    disks = dict((name, space(path)) for name, path in places.items() if path and path.startswith("/"))
    disks = dict((name, found) for name, found in disks.items() if found)
    shm = space("/dev/shm")
    return {
        "address_space": soft(resource.RLIMIT_AS),
        "locked_memory": soft(resource.RLIMIT_MEMLOCK),
        "open_files": soft(resource.RLIMIT_NOFILE),
        "shm_size": shm[0] if shm else None,
        "shm_free": shm[1] if shm else None,
        "disk_size": dict((name, found[0]) for name, found in disks.items()),
        "disk_free": dict((name, found[1]) for name, found in disks.items()),
    }


ANSWERS = {
    "env": lambda asked: dict(os.environ),
    "read": read,
    "stat": look,
    "realpath": realpath,
    "glob": expand,
    "which": lambda asked: which(asked["name"]),
    "opens": opens,
    "run": run,
    "processes": processes,
    "identity": identity,
    "limits": limits,
}


def answer(asked):
    """The answer to one question; one that is not understood is refused."""
    try:
        do = ANSWERS.get(asked.get("do"))
        if do is None:
            raise Refused("failed", "unknown question")
        try:
            return {"gives": do(asked)}
        except (OSError, ValueError) as error:
            raise refusal(error)
    except Refused as refused:
        return {"refuses": refused.data}
    except Exception as error:  # a bug here must not cost the other answers
        return {"refuses": {"kind": "failed", "reason": "%s: %s" % (type(error).__name__, error)}}


def end_all(*_):
    """SIGKILL to everything that was started here, and out."""
    STOPPED.append(True)
    for pause in (0.05, 0):  # the second look finds what was being started during the first
        for child in list(RUNNING):
            end_group(child.proc.pid)
        for pid in family(os.getpid()):
            if pid != os.getpid():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
        time.sleep(pause)
    os._exit(1)


def unread():
    """Whether nobody reads the standard output any more: the connection is gone."""
    watch = select.poll()
    watch.register(1, 0)
    return any(what & (select.POLLERR | select.POLLNVAL) for _, what in watch.poll(0))


def main(text):
    """Answers all questions of `text` within their time, and prints the answers."""
    request = json.loads(text)
    questions, deadline = request["questions"], time.time() + request["seconds"]
    answers, todo, lock = [None] * len(questions), list(range(len(questions))), threading.Lock()
    todo.sort(key=lambda at: questions[at].get("do") == "run")  # popped from the end: programs take longest

    def work():
        while True:
            with lock:
                if not todo:
                    return
                at = todo.pop()
            answers[at] = answer(questions[at])

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end_all)
    workers = [threading.Thread(target=work) for _ in range(min(WORKERS, len(questions)))]
    for worker in workers:
        worker.daemon = True
        worker.start()
    while any(worker.is_alive() for worker in workers) and time.time() < deadline:
        next((worker for worker in workers if worker.is_alive()), workers[0]).join(0.1)
        if unread():
            end_all()
    late = {"refuses": {"kind": "timed-out", "reason": "no answer within the time of this run", "seconds": 0.0}}
    answers = [one if one is not None else late for one in answers]
    if request.get("snapshot"):
        lines = [json.dumps(snapshot(request["snapshot"], questions, answers), indent=1), ""]
    else:
        lines = marked(answers)
    try:
        sys.stdout.write("\n".join(lines))
        sys.stdout.flush()
    except (IOError, OSError):
        end_all()
    for child in list(RUNNING):
        end_group(child.proc.pid)
    os._exit(0)  # a thread that waits for a dead mount must not keep this process


def snapshot(head, questions, answers):
    """The answers as a file for `check --from`; `head` is its schema and the tool's name."""
    asked = [dict((name, one[name]) for name in one if name not in ("timeout", "stdin")) for one in questions]
    pairs = [dict(given, ask=one) for one, given in zip(asked, answers)]
    env = next((one["gives"] for one in pairs if one["ask"]["do"] == "env" and "gives" in one), None)
    return dict(head, env=env, answers=[one for one in pairs if one["ask"]["do"] != "env"])


def marked(answers):
    """The answers packed, on lines between two marks: what a login shell prints around them does no harm."""
    data, form = json.dumps(answers).encode("ascii"), "json"
    if zlib is not None:
        form, data = "zlib", zlib.compress(data)
    coded = base64.b64encode(data).decode("ascii")
    return [BEGIN + " " + form] + [coded[at : at + 4000] for at in range(0, len(coded), 4000)] + [END, ""]


if sys.version_info < (3, 6):
    sys.stdout.write("--- cudadoctor-agent/1 too old: Python %d.%d\n" % sys.version_info[:2])
    sys.stdout.flush()
    os._exit(3)
