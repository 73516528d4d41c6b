/*
 * svg_style.c - colours and fonts of the drawings: names of classes here, none in the drawing itself.
 *
 * Every rule is written out instead of with CSS variables, which not every viewer of SVG knows. Colours
 * repeat what words and shapes say; both palettes keep text at a contrast of 4.5 to 1 or better.
 */
#include "render/svg_style.h"

static const char style[] =
    "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC',"
    "monospace;fill:#1f2328}\n"
    ".p,.n,.idle text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',"
    "'Noto Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}\n"
    ".bg{fill:#fff}\n"
    ".e{text-anchor:end}.m{text-anchor:middle}\n"
    ".t,.n,.p,.idle text{fill:#59636e}\n"
    ".t{font-size:11px}.est{font-style:italic}\n"
    ".p{font-size:12px}.n{font-size:12px}\n"
    ".h1{font-weight:700;font-size:14px}\n"
    ".st{font-weight:600;font-size:11px}\n"
    ".a{stroke:currentColor;stroke-width:1.4;fill:none}\n"
    ".a.w{stroke-width:4}\n"
    ".h{fill:currentColor;stroke:currentColor;stroke-width:1;stroke-linejoin:round}\n"
    ".h.o{fill:#fff}\n"
    ".hit{stroke:#000;stroke-opacity:0;stroke-width:9;fill:none}\n"
    ".l,.g,.p{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}\n"
    ".l{fill:currentColor}.b{font-weight:600}\n"
    ".g{font-size:11px;font-weight:600;fill:currentColor}\n"
    ".f{opacity:.28;stroke-dasharray:5 4}\n"
    ".x{stroke:#cf222e;stroke-width:2.6;fill:none;stroke-linecap:round}\n"
    ".xt{fill:#cf222e;font-weight:700}\n"
    ".syn{color:#0a58ca}.data{color:#1a7f37}.ack{color:#66707b}.fin{color:#9a5b00}.rst{color:#cf222e}"
    ".rtx{color:#a0268f}.win{color:#0b7285}\n"
    ".idle rect{fill:#f3f5f7}.idle path{stroke:#8c959f;stroke-width:1.2;fill:none}\n"
    ".idle .k{fill:#fff;stroke:none}\n"
    ".s-CLOSED{fill:#d4d9df}.s-LISTEN{fill:#b6c3d1}.s-SYN-SENT{fill:#7fb3ff}.s-SYN-RECEIVED{fill:#4f90ea}"
    ".s-ESTABLISHED{fill:#4ac26b}.s-FIN-WAIT-1{fill:#e9b44c}.s-FIN-WAIT-2{fill:#d4962a}"
    ".s-CLOSE-WAIT{fill:#e58a4f}.s-CLOSING{fill:#d46a3a}.s-LAST-ACK{fill:#c9572c}"
    ".s-TIME-WAIT{fill:#a884d6}.s-UNKNOWN{fill:#e6e9ed}\n"
    ".error .d{fill:#cf222e}.warn .d{fill:#bf8700}.info .d{fill:#0a58ca}\n"
    ".ax{stroke:#8c959f;stroke-width:1;fill:none}.gr{stroke:#e6e9ed;stroke-width:1;fill:none}\n"
    ".q-d,.q-r,.q-x,.q-s,.q-a,.q-w,.q-f,.q-c,.q-m,.q-t{fill:none;stroke-width:1.4}\n"
    ".q-d{stroke:#0a58ca;stroke-width:2}.q-r{stroke:#cf222e;stroke-width:3}.q-x{stroke:#e36209;stroke-width:3}"
    ".q-s{stroke:#8250df}.q-a,.q-f{stroke:#1a7f37}.q-w{stroke:#bf8700}.q-c,.q-m{stroke:#0a58ca}"
    ".q-t{stroke:#8c959f;stroke-dasharray:4 3}.q-o{fill:#1a7f37;opacity:.6}\n"
    "@media (prefers-color-scheme:dark){\n"
    ".q-d,.q-c,.q-m{stroke:#6cb0ff}.q-r{stroke:#ff6b63}.q-x{stroke:#ffa657}.q-s{stroke:#d2a8ff}"
    ".q-a,.q-f{stroke:#4ccb6b}.q-w{stroke:#e3b341}.q-o{fill:#4ccb6b}\n"
    "text{fill:#e6edf3}.bg,.idle .k,.h.o{fill:#0d1117}\n"
    ".t,.n,.p,.idle text{fill:#9aa5b1}\n"
    ".l,.g,.p{stroke:#0d1117}\n"
    ".x{stroke:#ff6b63}.xt{fill:#ff6b63}\n"
    ".syn{color:#6cb0ff}.data{color:#4ccb6b}.ack{color:#8f9aa6}.fin{color:#e3a63a}.rst{color:#ff6b63}"
    ".rtx{color:#e58ad6}.win{color:#3cc5d6}\n"
    ".l,.g,.h{fill:currentColor}.h.o{fill:#0d1117}\n"
    ".idle rect{fill:#161b22}.idle path{stroke:#6e7781}\n"
    ".s-CLOSED{fill:#3a424b}.s-LISTEN{fill:#4a5866}.s-SYN-SENT{fill:#3b78c9}.s-SYN-RECEIVED{fill:#2a5fa8}"
    ".s-ESTABLISHED{fill:#2b8a45}.s-FIN-WAIT-1{fill:#a87a1f}.s-FIN-WAIT-2{fill:#8c6414}"
    ".s-CLOSE-WAIT{fill:#a85f2c}.s-CLOSING{fill:#994a22}.s-LAST-ACK{fill:#8f3d1b}"
    ".s-TIME-WAIT{fill:#7355a0}.s-UNKNOWN{fill:#21262d}\n"
    ".error .d{fill:#ff6b63}.warn .d{fill:#e3b341}.info .d{fill:#6cb0ff}\n"
    ".ax{stroke:#6e7781}.gr{stroke:#21262d}\n"
    "}\n"
    "@media print{.bg{fill:none}}\n";

void svg_style(FILE *out)
{
    fputs("<style>\n", out);
    fputs(style, out);
    fputs("</style>\n", out);
}
