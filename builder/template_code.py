"""The code that Jinja2 compiles templates to, quicker where ours need less than any templates may.

Used by `render.py` alone. What a template says means what Jinja2's documentation says that it means; only the way there
is shorter. Two things are printed and called some hundred times a page:

- *Printing*: Jinja2 makes a `Markup` of every value. Here the pieces of a page stay plain text, made safe, since they
  are joined at once; what was escaped before is remembered, for most of it stands on many pages.
- *Calls*: Jinja2 looks at every function for whether it wants the template's context, and hands over the variables of
  loops and blocks for it. No function that our templates see wants it.
"""

from __future__ import annotations

from functools import lru_cache
from keyword import iskeyword
from typing import TYPE_CHECKING

from jinja2.compiler import CodeGenerator
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.compiler import Frame

#: Part of the key of compiled code: a new number where this file makes other code.
CODE = "1"


@lru_cache(maxsize=4096)
def _escaped(text: str) -> str:
    return str(escape(text))


def printed(value: object) -> str:
    """Return a value as it stands in HTML: markup as it is, all else escaped."""
    kind = type(value)
    if kind is str:
        return _escaped(value)
    if kind is Markup:
        return value  # type: ignore[return-value] # it is one
    return value.__html__() if hasattr(value, "__html__") else _escaped(str(value))


class DirectCode(CodeGenerator):
    """Makes the code of a template."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja2's name
        """Write the whole template."""
        self.writeline(f"from {__name__} import printed")
        super().visit_Template(node, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        """Write what stands before a value that is printed."""
        if self._plain(frame) and frame.eval_ctx.autoescape and finalize.src is None:
            self.write("printed(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: FBT001, FBT002, N802
        """Write a call."""
        starred = node.dyn_args is not None or node.dyn_kwargs is not None
        if forward_caller or starred or not self._plain(frame) or any(iskeyword(given.key) for given in node.kwargs):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for given in (*node.args, *node.kwargs):
            self.visit(given, frame)
            self.write(", ")
        self.write(")")

    def _plain(self, frame: Frame) -> bool:
        """Tell whether values are escaped as they are everywhere in the template: no `autoescape` says otherwise."""
        return not frame.eval_ctx.volatile and frame.eval_ctx.autoescape == self.environment.autoescape
