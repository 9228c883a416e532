# SPDX-License-Identifier: MIT
"""check_readme.py README SOURCE PROGRAM: the README holds SOURCE as a C block, and what PROGRAM prints behind it."""
import subprocess
import sys

readme, source, program = sys.argv[1:]
text = open(readme, encoding='utf-8').read()
code = open(source, encoding='utf-8').read().split('*/\n', 2)[2].strip()  # without the SPDX line and the comment
printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout.strip()
for what, wanted in (('source', f'```c\n{code}\n```'), ('output', f'```text\n{printed}\n```')):
    if wanted not in text:
        sys.exit(f'the README lacks the {what} of {source}; it should hold:\n{wanted}')
