"""Redaction: nothing private is left, everything that decides something is."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cudadoctor.facts.redact import redact
from cudadoctor.facts.redact.files import reduce_script
from cudadoctor.host import codec
from cudadoctor.host.base import Identity
from cudadoctor.host.recording import Recording, RecordingHost
from cudadoctor.host.replay import ReplayHost
from tests.host.answers import EveryAnswer, everything


def read(path: str, content: str | bytes) -> dict[str, Any]:
    value = content if isinstance(content, bytes) else content.encode()
    return codec.encode(codec.question("read", path=path), value)


def ran(argv: list[str], stdout: str) -> dict[str, Any]:
    data = {"returncode": 0, "stdout": codec.pack(stdout.encode()), "stderr": codec.pack(b"")}
    return {"ask": {"do": "run", "argv": argv}, "gives": data}


def gives(do: str, value: Any, **arguments: Any) -> dict[str, Any]:
    return {"ask": {"do": do, **arguments}, "gives": value}


def identity(user: str, host: str = "kestrel", home: str | None = None, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    who = Identity(
        machine="x86_64",
        kernel="6.8.0-45-generic",
        libc="glibc 2.39",
        user=user,
        uid=1000,
        groups=groups,
        hostname=host,
        home=home or f"/home/{user}",
        cwd=f"{home or f'/home/{user}'}/work",
    )
    return codec.encode({"do": "identity"}, who)


def machine(*answers: dict[str, Any], env: dict[str, str] | None = None) -> dict[str, Any]:
    recording = Recording(env=env or {})
    for answer in answers:
        recording.put(answer)
    return recording.data()


def clean(*answers: dict[str, Any], env: dict[str, str] | None = None) -> Recording:
    data = machine(*answers, env=env)
    before = copy.deepcopy(data)
    made = redact(data)
    assert data == before
    recording = Recording.from_data(json.loads(json.dumps(made)))
    assert recording.redacted
    assert Recording.from_data(redact(recording.data())).data() == recording.data(), "twice is not as once"
    return recording


def text_of(recording: Recording, path: str) -> str:
    return ReplayHost(recording).read(path).decode()


def in_file(content: str, *more: dict[str, Any]) -> str:
    """What is left of the content of a file that has no meaning of its own."""
    return text_of(clean(read("/var/log/some.log", content), *more), "/var/log/some.log")


# What must go

CANARIES = {
    "uuid": "GPU-4f1d9a3e-77aa-9b1c-d00d-5ca1ab1e0042",
    "mig": "MIG-a81c34e2-9f11-5f3a-b1c0-2b6d1f7e9c55",
    "old mig": "MIG-GPU-4f1d9a3e-77aa-9b1c-d00d-5ca1ab1e0042/7/0",
    "upper uuid": "4F1D9A3E-77AA-9B1C-D00D-5CA1AB1E0042",
    "ipv4": "192.168.77.31",
    "ipv4 ten": "10.20.30.40",
    "ipv4 public": "141.76.3.9",
    "ipv4 documentation": "203.0.113.77",
    "ipv6": "2001:db8:85a3::8a2e:370:7334",
    "ipv6 long": "fe80:0:0:0:1:2:3:4",
    "mac": "3c:ec:ef:12:ab:9d",
    "mac dashes": "3C-EC-EF-12-AB-9D",
    "mail": "wal.burga+gpu@uni-kestrel.example",
    "url": "https://walb:geheim77@wheels.kestrel.example/simple",
    "conda token": "https://conda.anaconda.org/t/wa-1234-abcd-5678/private",
    "github": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "hugging face": "hf_abcdefghijklmnopqrstuvwx",
    "aws": "AKIAIOSFODNN7EXAMPLQ",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "named": "WANDB_API_KEY=0123456789abcdef0123",
    "quoted": 'password: "corr ect horse"',
    "json": '"auth": "d2FsYnVyZ2E6Z2VoZWlt"',
    "option": "--token s3cr3t-v4lue",
    "bearer": "Authorization: Bearer abcdefghijklmnop0123",
    "serial": "Serial Number                         : 1324421057391",
    "serial xml": "<serial>1324421057391</serial>",
    "board": "    Board ID                              : 0x8e41",
    "board xml": "<board_id>0x8e41</board_id>",
    "chassis": "<chassis_serial_number>SGH231XYZ9</chassis_serial_number>",
    "user": "walburga",
    "host": "kestrel42.cs.uni-falcon.example",
    "home": "/home/walburga/x",
    "other home": "/home/ethelred/x",
    "windows home": "/mnt/c/Users/Ethel Red/AppData",
    "aws host": "ip-10-20-30-40",
}
PRIVATE = re.compile(
    r"(?i)4f1d9a3e|5ca1ab1e|a81c34e2|2b6d1f7e|192\.168\.77|20\.30\.40|20-30-40|141\.76|203\.0\.113|db8:85a3|8a2e|fe80:0|1:2:3:4|3c.ec.ef|"
    r"wal|burga|geheim|kestrel|falcon|1234-abcd|abcdefgh|IOSFODNN|eyJ|0123456789|corr|horse|d2FsYn|s3cr3t|13244210|8e41|"
    r"SGH231|ethel"
)


@pytest.mark.parametrize("name", CANARIES)
@pytest.mark.parametrize("frame", ["{}", "before {} after\n", "x\n({})\ny\n", "'{}',", "a={}\n", "at {}.\n"])
def test_no_canary_is_left(name: str, frame: str) -> None:
    left = in_file(frame.format(CANARIES[name]), identity("walburga", "kestrel42.cs.uni-falcon.example"))
    assert not PRIVATE.search(left), left


WORD = st.sampled_from(
    [
        "nvidia-smi",
        "error:",
        "GPU 0",
        "at",
        "=",
        "\n",
        "\n",
        ", ",
        "(",
        ")",
        "torch 2.1.0",
        "/usr/lib",
        ":",
        "|",
        "x86_64",
    ]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(WORD, st.sampled_from(list(CANARIES.values()))), min_size=1, max_size=25),
    st.sampled_from(["file", "glob", "out"]),
)
def test_no_canary_is_left_anywhere(words: list[str], place: str) -> None:
    text = " ".join(words)
    answers = {
        "file": read("/opt/notes.txt", text),
        "glob": gives("glob", [f"/data/{text}"], pattern=f"/data/{text}*"),
        "out": ran(["some-tool", text], text),
    }
    who = identity("walburga", "kestrel42.cs.uni-falcon.example", groups=("walburga", "video"))
    left = json.dumps(clean(who, answers[place], env={"HOME": "/home/walburga", "CUDA_NOTE": text}).data())
    assert not PRIVATE.search(left), left


NAME = st.from_regex(r"[a-z][a-z0-9]{5,11}z", fullmatch=True)


@settings(max_examples=100, deadline=None)
@given(NAME, NAME, NAME)
def test_names_go_wherever_they_stand(user: str, other: str, host: str) -> None:
    if len({user, other, host}) < 3 or any(
        one in two for one in (user, other, host) for two in (user, other, host) if one != two
    ):
        return
    home = f"/home/{user}"
    recording = clean(
        identity(user, f"{host}.dept.{other}.example", groups=(user,)),
        read(f"{home}/miniconda3/conda-meta/history", f"# cmd: {home}/bin/conda create -p /scratch/{user}/env\n"),
        read("/proc/self/maps", f"{user}@{host}:{home}$ ls ~{user}/\n/home/{other}/lib/libcuda.so"),
        read("/opt/binary", b"\x7fELF\xff\0" + f"{home}/lib".encode() + b"\0next"),
        gives("glob", [f"{home}/a", f"/home/{other}/a"], pattern="/home/*/a"),
        ran(["conda", "info", "--prefix", f"{home}/envs/x"], f"user config: {home}/.condarc"),
        gives("processes", [{"pid": 7, "name": "python", "owner": other, "argv": ["python", f"{home}/train.py"]}]),
        gives(
            "stat",
            {"kind": "link", "mode": 511, "uid": 1, "gid": 1, "size": 1, "target": f"{home}/t"},
            path=f"{home}/l",
        ),
        env={
            "HOME": home,
            "USER": user,
            "PATH": f"{home}/bin:/usr/bin",
            "HOSTNAME": host,
            "CONDA_PREFIX": f"{home}/envs/x",
        },
    )
    left = json.dumps(recording.data(), ensure_ascii=False)
    assert not re.search(f"{user}|{other}|{host}", left), left
    replay = ReplayHost(recording)
    mine = replay.env["HOME"]
    assert mine == replay.identity().home
    assert re.fullmatch(r"/home/user\d*", mine)
    assert replay.env["PATH"] == f"{mine}/bin:/usr/bin"
    assert f"{mine}/bin/conda" in text_of(recording, f"{mine}/miniconda3/conda-meta/history")
    assert (
        replay.run(["conda", "info", "--prefix", replay.env["CONDA_PREFIX"]], timeout=1).stdout
        == f"user config: {mine}/.condarc".encode()
    )
    assert len(replay.glob("/home/*/a")) == 2
    assert replay.stat(f"{mine}/l").target == f"{mine}/t"
    binary = replay.read("/opt/binary")
    assert binary.endswith(b"\0next")
    assert len(binary) == len(b"\x7fELF\xff\0" + f"{home}/lib".encode() + b"\0next")


# What must stay

PUBLIC = [
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:19:27 UTC 2025",
    "Cuda compilation tools, release 10.1, V10.1.243",
    "| NVIDIA-SMI 418.39       Driver Version: 418.39       CUDA Version: 10.1     |",
    "nvidia-cublas-cu12     12.4.5.8",
    "nvidia-curand-cu12==10.3.5.147",
    "nvidia_cudnn_cu12-9.1.0.70.dist-info",
    "libcublas10 10.2.1.243-1",
    "/usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.7.29",
    "/usr/local/cuda-12.4.1/lib64/libcublasLt.so.12.4.5.8",
    '"version": "12.4.5.8", "build": "py3.7_cuda10.1.243_cudnn7.6.3_0"',
    "GPU 00000000:3B:00.0",
    "0000:3b:00.0 0302: 10de:20b0 (rev a1)",
    "VBIOS Version                         : 90.17.42.40.64",
    "Image Version                         : G500.0200.00.04",
    "Image Version                         : 1.2.3.4",
    "GPU Part Number                       : 692-2G500-0200-000",
    "Serial Number                         : N/A",
    "<serial>N/A</serial>",
    "<board_id>N/A</board_id>",
    "RuntimeError: CUDA error: no kernel image is available for execution on the device",
    "c10::Error: at::cuda::detail std::vector a::b",
    "torch 1.4.0, tokenizers==0.19.1, author: PyTorch Team",
    "12:34:56 up 3 days 2025-01-02T10:11:12",
    "/home/*/miniconda3 and /home/linuxbrew/.linuxbrew and /root/.bashrc",
    "listening on 127.0.0.1:8080 and 0.0.0.0 and ::1",
    "GPU-2080 GPU-1 GPU 0: NVIDIA GeForce RTX 2080 Ti",
    "systemctl status nvidia-persistenced.service user@1000.service",
    "GLIBCXX_3.4.29 cuInit@@libcuda.so.1",
    "sm_37 sm_50 sm_60 sm_70 sm_75 compute_86",
    "max_split_size_mb:128,expandable_segments:True",
]


@pytest.mark.parametrize("line", PUBLIC)
def test_versions_and_bus_ids_stay(line: str) -> None:
    assert in_file(f"a\n{line}\nb\n", identity("walburga")) == f"a\n{line}\nb\n"


PART = st.integers(0, 255)


@settings(max_examples=100, deadline=None)
@given(st.tuples(st.integers(1, 30), st.integers(0, 9), PART, PART), st.sampled_from(PUBLIC[:12]))
def test_library_versions_stay_whatever_their_numbers(parts: tuple[int, ...], other: str) -> None:
    version = ".".join(map(str, parts))
    text = f"{other}\nnvidia-cublas-cu12 {version}\nlibnccl2={version}-1+cuda12.4\n/x/libcudart.so.{version}\n"
    assert in_file(text, identity("walburga")) == text


@pytest.mark.parametrize(
    "user",
    ["root", "ubuntu", "user", "nvidia", "conda", "torch", "cuda", "docker", "runner", "bob", "ec2-user", "gpu01"],
)
def test_generic_and_short_names_do_not_destroy_what_was_recorded(user: str) -> None:
    text = f"the {user} of conda, torch, cuda, nvidia, docker runner ubuntu root user bob gpu01 /opt/{user}/lib\n"
    home = "/root" if user == "root" else f"/home/{user}"
    recording = clean(identity(user, user, home), read("/opt/x", text), read(f"{home}/y", ""), env={"HOME": home})
    assert text_of(recording, "/opt/x") == text
    replay = ReplayHost(recording)
    assert replay.env["HOME"] == ("/root" if user == "root" else "/home/user")
    assert replay.read(replay.env["HOME"] + "/y") == b""


@pytest.mark.parametrize("home", ["/workspace", "/opt/app", "/usr/local", "/", "/var/lib/jenkins", "/root", "/data"])
def test_homes_that_are_nobodys_stay(home: str) -> None:
    text = f"{home}/bin /opt/cuda /usr/local/cuda/bin /data/cuda /workspace/x /var/lib/dkms\n"
    assert text_of(clean(identity("svc", "h", home), read("/opt/x", text), env={"HOME": home}), "/opt/x") == text


def test_homes_outside_home() -> None:
    recording = clean(
        identity("walburga", home="/nfs/dept/walburga"),
        read("/nfs/dept/walburga/.condarc", "envs_dirs: [/nfs/dept/walburga/envs, /nfs/dept/walburga2]\n"),
        env={"HOME": "/nfs/dept/walburga"},
    )
    home = ReplayHost(recording).env["HOME"]
    assert home == "/nfs/dept/user"
    assert "/nfs/dept/user/envs" in text_of(recording, f"{home}/.condarc")


def test_stand_ins_never_collide() -> None:
    """A value that looks like a stand-in keeps it for itself; the next one gets another."""
    text = (
        "/home/user/a /home/walburga/a /home/user2/a /home/ethelred/a\n"
        "GPU-00000000-0000-0000-0000-000000000001 GPU-4f1d9a3e-77aa-9b1c-d00d-5ca1ab1e0042\n"
        "inet 198.18.0.1 inet 192.168.1.1 inet 192.168.1.2\n"
    )
    left = in_file(text, identity("walburga"))
    for words in (re.findall(r"/home/\w+", left), re.findall(r"GPU-\S+", left), re.findall(r"(?:\d+\.){3}\d+", left)):
        assert len(words) == len(set(words)), left


def test_equal_values_have_equal_stand_ins_in_every_answer() -> None:
    uuid = "4f1d9a3e-77aa-9b1c-d00d-5ca1ab1e0042"
    recording = clean(
        ran(
            ["nvidia-smi", "-L"],
            f"GPU 0: Tesla V100 (UUID: GPU-{uuid})\nGPU 1: Tesla V100 (UUID: GPU-aaaaaaaa{uuid[8:]})\n",
        ),
        read("/proc/driver/nvidia/gpus/0000:3b:00.0/information", f"GPU UUID: \t GPU-{uuid}\n"),
        env={"CUDA_VISIBLE_DEVICES": f"GPU-{uuid}", "NVIDIA_VISIBLE_DEVICES": "GPU-4f1d9a3e"},
    )
    replay = ReplayHost(recording)
    mine = replay.env["CUDA_VISIBLE_DEVICES"]
    assert mine.startswith("GPU-00000000-")
    assert f"GPU 0: Tesla V100 (UUID: {mine})" in replay.run(["nvidia-smi", "-L"], timeout=1).stdout.decode()
    assert mine in text_of(recording, "/proc/driver/nvidia/gpus/0000:3b:00.0/information")
    assert replay.env["NVIDIA_VISIBLE_DEVICES"] == mine


def test_variables_outside_the_list_are_left_out() -> None:
    kept = {
        "CUDA_HOME": "/usr/local/cuda-10.1",
        "LD_LIBRARY_PATH": "/usr/local/cuda-10.1/lib64:",
        "NCCL_DEBUG": "INFO",
        "PYTORCH_CUDA_ALLOC_CONF": "x:1",
        "CONDA_DEFAULT_ENV": "base",
        "VIRTUAL_ENV": "/opt/venv",
        "PYTHONPATH": "/opt/x",
        "CC": "gcc-8",
        "CUDAHOSTCXX": "g++-8",
        "WSL_DISTRO_NAME": "Ubuntu",
        "container": "docker",
        "SLURM_JOB_GPUS": "0,1",
        "NVIDIA_VISIBLE_DEVICES": "all",
        "PATH": "/usr/bin",
        "SHELL": "/bin/zsh",
        "ZDOTDIR": "/etc/zsh",
    }
    gone = [
        "AWS_SECRET_ACCESS_KEY",
        "CONDA_TOKEN",
        "NVIDIA_API_KEY",
        "MY_VAR",
        "SSH_CLIENT",
        "DISPLAY",
        "http_proxy",
        "MAIL",
        "_",
    ]
    gone += [
        "SLURM_JOB_ACCOUNT",
        "SLURM_JOB_USER",
        "CUDA_PASSWORD",
        "PYTHON_AUTH",
        "NCCL_COOKIE",
        "HISTFILE",
        "LS_COLORS",
        "OLDPWD",
    ]
    secret = dict.fromkeys(gone, "se1cret")
    recording = clean(env={**kept, **secret, "KUBERNETES_SERVICE_HOST": "10.1.2.3", "SLURM_JOB_ID": "981237"})
    assert recording.env == {**kept, "KUBERNETES_SERVICE_HOST": "kubernetes", "SLURM_JOB_ID": "1"}


BASHRC = """\
# ~/.bashrc of Walburga: password hunter2
case $- in
    *i*) ;;
      *) return;;
esac
alias prod='ssh deploy@prod.secret-corp.example'
export AWS_SECRET_ACCESS_KEY=hunter2
if [ -z "$SECRET_THING" ]; then
    export SECRET_THING=hunter2
    export PATH=/usr/local/cuda-10.1/bin:$PATH   # for project hunter2
elif test "$1" = hunter2; then
    case "$CORP" in hunter2|prod) x=1 ;; esac
    :
fi
hunter2() {
    echo hunter2
}
for x in hunter2; do echo $x; done
while read hunter2; do
    export LD_LIBRARY_PATH="/usr/local/cuda/lib64:\\
/opt/more"
done
[ -f ~/.more ] && . ~/.more
cat <<EOF > /tmp/hunter2
hunter2
EOF
# >>> conda initialize >>>
# !! Contents within this block are managed by 'conda init' !!
__conda_setup="$('/home/walburga/miniconda3/bin/conda' 'shell.bash' 'hook' 2> /dev/null)"
if [ $? -eq 0 ]; then
    eval "$__conda_setup"
else
    . "/home/walburga/miniconda3/etc/profile.d/conda.sh"
fi
# <<< conda initialize <<<
export CUDA_TOKEN=hunter2 CUDA_HOME=/usr/local/cuda
"""


def test_start_up_files_keep_the_lines_that_matter_where_they_are() -> None:
    path = "/home/walburga/.bashrc"
    recording = clean(identity("walburga"), read(path, BASHRC), env={"HOME": "/home/walburga"})
    left = text_of(recording, "/home/user/.bashrc")
    assert "hunter2" not in left
    assert "corp" not in left.lower()
    before, after = BASHRC.split("\n"), left.split("\n")
    assert len(before) == len(after)
    kept = {number for number, line in enumerate(before) if line and line == after[number]}
    for number, line in enumerate(before):
        if re.match(
            r"case \$-|    \*i\*|      \*\)|esac|fi|done|\}|else|# [>!<]|if \[ \$\?|\[ -f|    eval|/opt/more", line
        ):
            assert number in kept, line
    assert after[9] == "    export PATH=/usr/local/cuda-10.1/bin:$PATH"
    assert after[7] == "if false; then"
    assert after[10] == "elif false; then"
    assert after[14] == "f() {"
    assert "'/home/user/miniconda3/bin/conda'" in left
    assert after[-2] == "export CUDA_TOKEN=redacted CUDA_HOME=/usr/local/cuda"


@given(st.text(alphabet="if then fi case esac ;{}()|&[]*\\\n#<EOF$\"' path", max_size=200))
def test_start_up_files_keep_their_number_of_lines(text: str) -> None:
    once = reduce_script(text)
    assert once.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "path", ["/home/walburga/.netrc", "/home/walburga/.ssh/config", "/root/.git-credentials", "/home/x/.pypirc"]
)
def test_files_of_secrets_are_left_empty(path: str) -> None:
    recording = clean(identity("walburga"), read(path, "machine x login y password z\n"))
    assert "password" not in json.dumps(recording.data())


def test_configuration_keeps_all_but_its_credentials() -> None:
    pip = (
        "[global]\nindex-url = https://me:s3cret@wheels.example/simple\n"
        "extra-index-url = https://download.pytorch.org/whl/cu121\n"
    )
    conda = (
        "channels:\n  - https://conda.example/t/ab-123456-cd/chan\n  - pytorch\n"
        "proxy_servers:\n  https: http://u:pw77@proxy:3128\n"
    )
    docker = '{"auths": {"nvcr.io": {"auth": "JG9hdXRodG9rZW46"}}, "default-runtime": "nvidia"}'
    recording = clean(
        read("/etc/pip.conf", pip), read("/root/.condarc", conda), read("/etc/docker/daemon.json", docker)
    )
    left = json.dumps(recording.data())
    assert not re.search("s3cret|ab-123456|pw77|JG9hd|me:", left), left
    assert "https://download.pytorch.org/whl/cu121" in left
    assert "  - pytorch" in left
    assert '\\"default-runtime\\": \\"nvidia\\"' in left


def test_kernel_parameters_keep_only_what_is_public() -> None:
    line = (
        "BOOT_IMAGE=/vmlinuz-6.8 root=UUID=4f1d9a3e-77aa-9b1c-d00d-5ca1ab1e0042 ro ds=nocloud;h=kestrel quiet "
        "nouveau.modeset=0 pci=realloc\n"
    )
    left = text_of(clean(read("/proc/cmdline", line)), "/proc/cmdline")
    assert "nouveau.modeset=0 pci=realloc" in left
    assert "quiet" in left
    assert not re.search("kestrel|4f1d", left)


def test_tables_of_nvidia_smi_lose_their_serial_numbers() -> None:
    query = ["nvidia-smi", "--query-gpu=index,serial,name,driver_version", "--format=csv,noheader"]
    full = ["nvidia-smi", "--query-gpu=index,gpu_serial,name", "--format=csv"]
    recording = clean(
        ran(query, "0, 1324421057391, Tesla V100, 418.39\n1, [N/A], Tesla V100, 418.39\n"),
        ran(full, "index, serial, name\n0, 1324421057391, Tesla V100\n"),
    )
    replay = ReplayHost(recording)
    first, second = replay.run(query, timeout=1).stdout.decode(), replay.run(full, timeout=1).stdout.decode()
    serial = first.split(", ")[1]
    assert serial == "0000000000001"
    assert first == f"0, {serial}, Tesla V100, 418.39\n1, [N/A], Tesla V100, 418.39\n"
    assert second == f"index, serial, name\n0, {serial}, Tesla V100\n"


def test_processes_of_others_are_only_numbers() -> None:
    listed = [
        {"pid": 1, "name": "systemd", "owner": "root", "argv": ["/sbin/init"]},
        {
            "pid": 2,
            "name": "nvidia-persiste",
            "owner": "nvidia-persistenced",
            "argv": ["nvidia-persistenced", "--user", "x"],
        },
        {"pid": 3, "name": "acme-server", "owner": "ethelred", "argv": ["acme-server", "--customer", "acme"]},
        {"pid": 4, "name": "python3", "owner": "ethelred", "argv": ["/home/ethelred/bin/python3", "acme.py"]},
    ]
    recording = clean(gives("processes", listed))
    left = json.dumps(recording.data())
    assert not re.search("acme|ethelred", left)
    one, two, three, four = ReplayHost(recording).processes()
    assert (one.pid, one.owner) == (1, "root")
    assert (two.owner, two.argv) == ("nvidia-persistenced", ("nvidia-persistenced", "--user", "x"))
    assert three.owner == four.owner
    assert four.argv == ("/home/user/bin/python3",)


def test_environments_in_files_and_outputs_are_filtered() -> None:
    recording = clean(
        read("/proc/77/environ", "CUDA_HOME=/x\0MY_SECRET=1234\0PATH=/bin\0"),
        ran(["env"], "MY_VAR=1234\nPATH=/bin\n"),
        ran(["env", "A=1", "nvidia-smi", "-L"], "GPU 0: X\n"),
    )
    assert text_of(recording, "/proc/77/environ") == "CUDA_HOME=/x\0PATH=/bin"
    replay = ReplayHost(recording)
    assert replay.run(["env"], timeout=1).stdout == b"\nPATH=/bin\n"
    assert replay.run(["env", "A=1", "nvidia-smi", "-L"], timeout=1).stdout == b"GPU 0: X\n"


@pytest.mark.parametrize("user", ["missing", "denied", "identity", "realpath", "link"])
def test_words_of_the_format_are_never_touched(user: str) -> None:
    """Not even for a user who is called as one."""
    refused = {
        "ask": {"do": "read", "path": "/opt/x/.bashrc"},
        "refuses": {"kind": "missing", "reason": "No such file"},
    }
    link = gives("stat", {"kind": "link", "mode": 511, "uid": 1, "gid": 1, "size": 1, "target": "x"}, path="/x")
    recording = clean(identity(user), refused, link, gives("realpath", "/y", path="/x"))
    assert len(recording) == 4
    assert refused in recording.data()["answers"]


def test_every_kind_of_answer_survives() -> None:
    host = RecordingHost(EveryAnswer())
    truth = everything(host)
    left = everything(ReplayHost(Recording.from_data(redact(host.recording.data()))))
    assert left.keys() == truth.keys()
    same = [name for name in truth if left[name] == truth[name]]
    assert set(truth) - set(same) == {"env", "identity", "processes"}
    assert "walburga" not in str(left)


LONG = [
    "a" * 300_000,
    "/home/" * 50_000,
    "1." * 150_000,
    "a:" * 100_000,
    "token" * 60_000,
    "=" * 200_000,
    "-a" * 100_000,
    "a|" * 100_000,
    "if [ [ [ " * 30_000,
    ";" * 200_000,
    "<serial" * 40_000,
    "Serial " * 40_000,
    "https://" * 30_000,
    "\\\n" * 50_000,
    "x@" * 100_000,
    "-----BEGIN A-----" * 10_000,
    "f f " * 60_000,
    " " * 200_000 + "x",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_no_text_takes_for_ever(text: str) -> None:
    """A rule that is not linear would not come back from these."""
    recording = clean(identity("walburga"), read("/home/walburga/.bashrc", text), read("/opt/x", text))
    assert len(recording) == 3


def test_a_snapshot_without_answers() -> None:
    assert redact({"schema": "cudadoctor.snapshot/1", "env": None, "answers": []})["redacted"] is True


def test_the_history_of_apt_keeps_no_names() -> None:
    from cudadoctor.facts.redact.files import reduce_file
    from cudadoctor.facts.redact.text import Redactor

    head = "Start-Date: 2026-11-20  06:12:40\n"
    text = f"{head}Commandline: apt install /home/eve/x.deb\nRequested-By: eve (1001)\nEnd-Date: x\n"
    kept = reduce_file(text, "/var/log/apt/history.log", Redactor())
    assert kept == f"{head}Commandline: apt\nEnd-Date: x\n"


@pytest.mark.parametrize(
    "path",
    ["/data/10.20.30.40/x", "/mnt/10.0.0.5", "/srv/10.1.2.3/cuda/bin", "/data/172.20.1.9/x", "/nfs/192.168.77.3/a"],
)
def test_an_address_that_is_a_directory_goes(path: str) -> None:
    assert path.split("/")[2] not in in_file(f"at {path}\n")


@pytest.mark.parametrize(
    "path", ["/opt/nvidia/libcublas/12.4.5.8/lib", "/usr/lib/libcufft.so.11.2.1.3", "/pkgs/libcurand-10.3.5.147-0/lib"]
)
def test_the_version_of_a_library_in_a_path_stays(path: str) -> None:
    assert path in in_file(f"at {path}\n")
