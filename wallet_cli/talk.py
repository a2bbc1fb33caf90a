"""Talking to the person: questions on stderr, answers from stdin, data on stdout.

With `--json` the one object of a command is on stdout and every word for people on stderr; without
it the result in words is on stdout. Nothing waits for an answer that cannot come: with `--no-input`
or a closed stdin a question ends the command with exit 2 and names the option that answers it.
"""

import getpass
import json
from collections.abc import Mapping, Sequence
from typing import Any

from wallet_cli.errors import Ended, MissingInput, Refused
from wallet_cli.text import wrap
from wallet_cli.world import World

MAX_ANSWER = 4096
ASK_TIMES = 3


class Talk:
    """The voice of one command."""

    def __init__(self, world: World, *, as_json: bool, no_input: bool) -> None:
        self._world = world
        self.as_json = as_json
        self.no_input = no_input

    def say(self, lines: Sequence[str] | str) -> None:
        """Say something on the way: always stderr."""
        self._print(lines, self._world.stderr)

    def result(self, lines: Sequence[str] | str, data: Mapping[str, Any]) -> None:
        """Give the result of the command: in words, or with `--json` as one object on one line of stdout."""
        if not self.as_json:
            self._print(lines, self._world.stdout)
            return
        self._print(lines, self._world.stderr)
        # ASCII only: what a name holds cannot reach the terminal as a control or bidi character (T95)
        print(json.dumps(data, separators=(",", ":")), file=self._world.stdout, flush=True)

    def error(self, ended: Ended) -> None:
        """Say how a command failed: four lines on stderr, and the JSON twin on stdout where asked for."""
        for line in ended.lines():
            self._print(wrap(line), self._world.stderr)
        if self.as_json:
            print(json.dumps(ended.to_json(), separators=(",", ":")), file=self._world.stdout, flush=True)

    def ask(self, question: str, *, option: str, default: str | None = None) -> str:
        """Ask for one line. `option` names what answers it in a script. Raises MissingInput."""
        self._need_input(question, option)
        suffix = f" [{default}]" if default else ""
        answer = self._read_line(f"{question}{suffix}: ", option)
        return answer.strip() or (default or "")

    def ask_secret(self, question: str, *, option: str) -> str:
        """Ask for something that is not echoed on a terminal. Raises MissingInput."""
        self._need_input(question, option)
        if self._world.stdin.isatty():
            try:
                return getpass.getpass(f"{question}: ", stream=self._world.stderr)
            except EOFError:
                raise _closed(question, option) from None
        return self._read_line(f"{question}: ", option)

    def ask_yes(
        self, question: str, *, option: str, refusal: str, hint: str = "run the command again to think again"
    ) -> None:
        """Ask for the whole word yes or no. Raises Refused on no, or when neither word came three times."""
        self._need_input(question, option)
        for line in wrap(question)[:-1]:
            self.say(line)
        prompt = f"{wrap(question)[-1]} "
        for _ in range(ASK_TIMES):
            answer = self._read_line(prompt, option).strip().lower()
            if answer == "yes":
                return
            if answer == "no":
                break
            prompt = "Type the whole word, yes or no: "
        raise Refused(refusal, why="You did not say yes.  Nothing left your wallet.", hint=hint)

    def choose(self, question: str, choices: Sequence[str], *, option: str, default: int | None = 1) -> int:
        """Ask for one of numbered choices and return its index from 0. Raises MissingInput, Refused."""
        self._need_input(question, option)
        self.say(question)
        for number, choice in enumerate(choices, start=1):
            self.say(wrap(f"  {number}  {choice}", indent=5))
        for _ in range(ASK_TIMES):
            answer = self.ask("Choice", option=option, default=str(default) if default else None)
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1
        raise Refused("No choice was made.", why="Nothing left your wallet.", hint="run the command again")

    def _need_input(self, question: str, option: str) -> None:
        if self.no_input:
            raise MissingInput(
                f"This needs an answer: {_asked(question)}",
                why="--no-input says that nobody is there to give it.",
                hint=f"give it with {option}",
            )

    def _read_line(self, prompt: str, option: str) -> str:
        self._world.stderr.write(prompt)
        self._world.stderr.flush()
        line = self._world.stdin.readline(MAX_ANSWER)
        if not line:
            self._world.stderr.write("\n")
            raise _closed(prompt.strip(), option)
        if not self._world.stdin.isatty():
            self._world.stderr.write("\n")
        return line.rstrip("\r\n")

    def _print(self, lines: Sequence[str] | str, stream: Any) -> None:
        for line in [lines] if isinstance(lines, str) else lines:
            stream.write(f"{line}\n")
        stream.flush()


def _asked(question: str) -> str:
    """The question as an error quotes it: without what told how to answer it."""
    return question.removesuffix(":").removesuffix("Type yes or no").strip()


def _closed(question: str, option: str) -> MissingInput:
    return MissingInput(
        f"No answer came to: {_asked(question)}",
        why="The input ended.  Nothing was changed by this.",
        hint=f"give it with {option}",
    )
