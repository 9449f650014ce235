"""How a GPU is, in each form of nvidia-smi's output."""

from __future__ import annotations

import pytest

from cudadoctor.parsers import smi_csv, smi_q, smi_table, smi_xml
from cudadoctor.parsers.smi import SmiRow
from cudadoctor.parsers.smi_health import number

XML = """<?xml version="1.0" ?>
<nvidia_smi_log>
<driver_version>535.161.08</driver_version>
<gpu id="00000000:19:00.0">
  <product_name>NVIDIA H100 80GB HBM3</product_name>
  <display_active>Disabled</display_active>
  <gpu_reset_status><reset_required>No</reset_required></gpu_reset_status>
  <pci><pci_gpu_link_info>
    <pcie_gen><max_link_gen>5</max_link_gen><current_link_gen>5</current_link_gen></pcie_gen>
    <link_widths><max_link_width>16x</max_link_width><current_link_width>8x</current_link_width></link_widths>
  </pci_gpu_link_info><replay_counter>67</replay_counter></pci>
  <clocks_{word}_reasons>
    <clocks_{word}_reason_gpu_idle>Not Active</clocks_{word}_reason_gpu_idle>
    <clocks_{word}_reason_hw_slowdown>Active</clocks_{word}_reason_hw_slowdown>
    <clocks_{word}_reason_hw_thermal_slowdown>Not Active</clocks_{word}_reason_hw_thermal_slowdown>
    <clocks_{word}_reason_hw_power_brake_slowdown>Active</clocks_{word}_reason_hw_power_brake_slowdown>
  </clocks_{word}_reasons>
  <ecc_mode><current_ecc>Enabled</current_ecc><pending_ecc>Disabled</pending_ecc></ecc_mode>
  <ecc_errors><aggregate><sram_threshold_exceeded>No</sram_threshold_exceeded></aggregate></ecc_errors>
  <retired_pages>
    <multiple_single_bit_retirement><retired_count>4</retired_count></multiple_single_bit_retirement>
    <double_bit_retirement><retired_count>1</retired_count></double_bit_retirement>
    <pending_retirement>Yes</pending_retirement>
  </retired_pages>
  <temperature><gpu_temp>29 C</gpu_temp><gpu_temp_tlimit>56 C</gpu_temp_tlimit>
    <gpu_temp_slow_threshold>N/A</gpu_temp_slow_threshold></temperature>
  <processes>{programs}</processes>
</gpu>
</nvidia_smi_log>
"""
PROGRAM = "<process_info><pid>1</pid><process_name>a & b <x></process_name><used_memory>{}</used_memory></process_info>"


def xml(*, word: str = "event", programs: str = "") -> SmiRow:
    read = smi_xml.parse(XML.format(word=word, programs=programs))
    assert read is not None
    assert read.complete
    return read.gpus[0]


@pytest.mark.parametrize("word", ["event", "throttle"])
def test_both_namings_of_the_clocks_reasons(word: str) -> None:
    gpu = xml(word=word)
    assert gpu.slowdowns == ("hw-slowdown", "hw-power-brake")
    assert gpu.idle is False


def test_the_values_of_the_xml_form() -> None:
    gpu = xml()
    assert (gpu.temperature_c, gpu.margin_c, gpu.slowdown_c) == (29, 56, None)
    assert (gpu.link_width, gpu.link_width_max, gpu.link_gen, gpu.link_gen_max, gpu.link_replays) == (8, 16, 5, 5, 67)
    assert (gpu.ecc_mode, gpu.ecc_pending, gpu.sram_threshold) == ("Enabled", "Disabled", False)
    assert (gpu.retired_single, gpu.retired_double, gpu.retired_pending) == (4, 1, True)
    assert (gpu.reset_required, gpu.display_active, gpu.error) == (False, False, None)


@pytest.mark.parametrize(
    ("programs", "count", "memory"),
    [
        ("", 0, 0),
        (PROGRAM.format("300 MiB"), 1, 300),
        (PROGRAM.format("300 MiB") + PROGRAM.format("5 MiB"), 2, 305),
        (PROGRAM.format("N/A"), 1, None),
        ("N/A", None, None),
    ],
)
def test_programs_are_counted_whatever_they_are_called(programs: str, count: int | None, memory: int | None) -> None:
    gpu = xml(programs=programs)
    assert (gpu.processes, gpu.processes_memory_mib) == (count, memory)


Q = """==============NVSMI LOG==============

Driver Version                            : 550.54.15
Attached GPUs                             : 1
GPU 00000000:19:00.0
    Product Name                          : NVIDIA A100-PCIE-40GB
    MIG Mode
        Current                           : Disabled
        Pending                           : Enabled
    PCI
        GPU Link Info
            Link Width
                Max                       : 16x
                Current                   : 4x
    Clocks Event Reasons
        Idle                              : Not Active
        HW Slowdown                       : Active
            HW Thermal Slowdown           : Active
            HW Power Brake Slowdown       : Not Active
    Remapped Rows
        Correctable Error                 : 0
        Uncorrectable Error               : 4
        Pending                           : Yes
        Remapping Failure Occurred        : No
    Temperature
        GPU Current Temp                  : 93 C
        GPU Slowdown Temp                 : 92 C
    Processes
        GPU instance ID                   : N/A
        Process ID                        : 58130
            Type                          : C
            Name                          : python
            Used GPU Memory               : 20322 MiB
        Process ID                        : 58131
            Type                          : C
            Name                          : Process ID
            Used GPU Memory               : 2 MiB
"""


def test_the_values_of_the_log_form() -> None:
    read = smi_q.parse(Q)
    assert read is not None
    (gpu,) = read.gpus
    assert (gpu.slowdowns, gpu.idle) == (("hw-slowdown", "hw-thermal-slowdown"), False)
    assert (gpu.temperature_c, gpu.slowdown_c, gpu.link_width, gpu.link_width_max) == (93, 92, 4, 16)
    assert (gpu.row_remap_pending, gpu.row_remap_failure, gpu.remapped_uncorrectable) == (True, False, 4)
    assert (gpu.processes, gpu.processes_memory_mib) == (2, 20324)
    none = smi_q.parse(Q[: Q.index("    Processes")] + "    Processes                             : None\n")
    assert none is not None
    assert none.gpus[0].processes == 0


@pytest.mark.parametrize("indent", ["    ", "", "> "])
def test_a_piece_of_the_log_form_is_one_gpu(indent: str) -> None:
    begin, end = Q.index("    Remapped Rows"), Q.index("    Temperature")
    piece = "".join(indent + line[4:] + "\n" for line in Q[begin:end].splitlines())
    read = smi_q.parse(piece)
    assert read is not None
    assert [(gpu.index, gpu.row_remap_pending, gpu.name, gpu.bus_id) for gpu in read.gpus] == [(0, True, None, None)]
    assert not read.complete


@pytest.mark.parametrize("text", ["Remapped Rows\n", "MIG Mode\nis on here\n", "ECC Errors\n    were : many\n", ""])
def test_a_heading_alone_is_no_gpu(text: str) -> None:
    assert smi_q.parse(text) is None


TABLE = """+-----------------------------------------------------------------------------+
| NVIDIA-SMI 470.82.01    Driver Version: 470.82.01    CUDA Version: 11.4     |
|   0  Tesla V100-PCIE...  On   | 00000000:3B:00.0 Off |                    0 |
| N/A   34C    P0    36W / 250W |  10000MiB / 32510MiB |      0%      Default |
|   1  Tesla V100-PCIE...  On   | 00000000:5E:00.0 Off |                    0 |
| N/A   34C    P0    36W / 250W |      3MiB / 32510MiB |      0%   E. Process |
+-----------------------------------------------------------------------------+
| Processes:                                                                  |
|  GPU   GI   CI        PID   Type   Process name                  GPU Memory |
|=============================================================================|
"""


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("|  No running processes found                                                 |", [(0, 0), (0, 0)]),
        ("|    0   N/A  N/A     12249      C   python a 1              9990MiB |", [(1, 9990), (0, 0)]),
        ("|    0     12249      C   python                             9990MiB |", [(1, 9990), (0, 0)]),
        ("|    1   N/A  N/A     12249    C+G   explorer.exe               N/A  |", [(0, 0), (1, None)]),
        ("|    0                  Not Supported                                |", [(None, None), (None, None)]),
        ("", [(None, None), (None, None)]),
    ],
)
def test_the_programs_of_the_table(rows: str, wanted: list[tuple[int | None, int | None]]) -> None:
    read = smi_table.parse(f"{TABLE}{rows}\n")
    assert read is not None
    assert [(gpu.processes, gpu.processes_memory_mib) for gpu in read.gpus] == wanted


def test_columns_of_the_csv_form() -> None:
    read = smi_csv.parse(
        "index, temperature.gpu, pcie.link.width.current, clocks_throttle_reasons.hw_thermal_slowdown, "
        "ecc.mode.pending\n"
        "0, 71, 16, Active, Enabled\n"
    )
    assert read is not None
    gpu = read.gpus[0]
    assert (gpu.temperature_c, gpu.link_width, gpu.slowdowns, gpu.ecc_pending) == (
        71,
        16,
        ("hw-thermal-slowdown",),
        "Enabled",
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("97 C", 97), ("16x", 16), ("-5 C", -5), ("1275 MHz", 1275), ("640 bank(s)", 640), ("N/A", None), ("", None)],
)
def test_numbers(text: str, wanted: int | None) -> None:
    assert number(text) == wanted


def test_a_sensor_that_cannot_be_read_is_no_error_of_the_gpu() -> None:
    read = smi_xml.parse(XML.format(word="event", programs="").replace("29 C", "Unknown Error"))
    assert read is not None
    assert (read.gpus[0].error, read.gpus[0].temperature_c) == (None, None)
