# SPDX-License-Identifier: MIT
"""check_sets.py ROOT: each operator's list of kernel sets names exactly those that fill the slots it takes.

One that is missing would be a call of a NULL pointer, in programs that link no other operator which names it: no test of
the whole library would see it. One too many would link kernels that nobody calls."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
errors = []


def code(path):
    return re.sub(r'/\*.*?\*/', '', (root / path).read_text(encoding='utf-8'), flags=re.S)


def same(what, got, wanted):
    if set(got) != set(wanted):
        errors.append(f'{what}: missing {sorted(set(wanted) - set(got))}, too many {sorted(set(got) - set(wanted))}')


# What each set fills, by tier: {set: {slot or slot[INDEX]}}.
filled = {}
for tier in 'scalar', 'simd128':
    filled[tier] = {}
    for path in sorted(root.glob(f'kernels_{tier}/*.c')):
        for name, body in re.findall(rf'^void lw_{tier}_(\w+)_install\(.*?\{{\n(.*?)^\}}', code(path), re.S | re.M):
            filled[tier][name] = set(re.findall(r'kernels->(\w+(?:\[\w+\])?)', body))
    same(f'tier_{tier}.c', re.findall(rf'lw_{tier}_(\w+)_install\(kernels\)', code(f'kernels_{tier}/tier_{tier}.c')), filled[tier])
same('dispatch/sets.c', re.findall(r'lw_kernel_set lw_(\w+)_set =', code('dispatch/sets.c')), filled['scalar'])
same('the simd128 tier', filled['simd128'], filled['scalar'])
for name in filled['scalar']:
    same(f'what simd128 fills for {name}', filled['simd128'].get(name, ()), filled['scalar'][name])
fills = {slot: name for name, slots in filled['scalar'].items() for slot in slots}  # {slot: set}

with_list = []
for path in sorted(root.glob('kernels/*.c')):
    text = code(path)
    needed = set()
    for slot, name in fills.items():
        array, _, index = slot.partition('[')
        by_name = rf'(->|\.){array}\b' + (r'|\blw_combine\(' if array.startswith('binary_') else '')
        # Of an array, the kernels that the file names; binary.c takes what its caller names.
        if re.search(by_name, text) and (not index or path.name == 'binary.c' or re.search(rf'\b{index[:-1]}\b', text)):
            needed.add(name)
    declared = re.search(r'\*const (lw_\w+_sets)\[\] = \{(.*?), NULL\};', text, re.S)
    if declared:
        with_list.append(declared[1])
        if declared[1] != f'lw_{path.stem}_sets':
            errors.append(f'{path.name}: its list is called {declared[1]}')
    same(path.name, re.findall(r'&lw_(\w+)_set\b', declared[2]) if declared else (), needed)
linked = code('dispatch/linked.c')
same('declared in dispatch/linked.c', re.findall(r'const (lw_\w+_sets)\[\] IF_LINKED', linked), with_list)
same('listed in dispatch/linked.c', re.findall(r'^ +(lw_\w+_sets),', linked, re.M), with_list)

print('\n'.join(errors) or f'{len(fills)} slots in {len(filled["scalar"])} sets, named by {len(with_list)} operators')
sys.exit(bool(errors))
