"""Groups of commands: what stands in their lists, and what is told of a command that there is not."""

from collections.abc import Mapping, Sequence

import click

from seqattr.errors import as_line, nearest

WHOLE_SENTENCE = 1000  # characters of a command's first sentence in a list: no limit


class CommandGroup(click.Group):
    """A group that lists its commands with their whole first sentences, and tells of an unknown one the
    nearest.
    """

    def sections(self, ctx: click.Context) -> Mapping[str, Sequence[str]]:
        """The commands by the headings under which they are listed."""
        return {"Commands": self.list_commands(ctx)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.list_commands(ctx)))
        for title, names in self.sections(ctx).items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), self._sentence(ctx, name)) for name in names])

    def _sentence(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(WHOLE_SENTENCE) if command else ""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        meant = None if args[0] in known else nearest(args[0], known)
        if meant is not None:
            ctx.fail(f"No such command '{as_line(args[0])}'. Did you mean '{meant}'?")
        return super().resolve_command(ctx, args)
