"""`crossover dataset create NAME`, `crossover dataset seal NAME`, `crossover dataset list`."""

import argparse

from crossover.connections import connect_postgres
from crossover.dataset import create_dataset, seal
from crossover.errors import BadSetting
from crossover.settings import Settings, checked_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which dataset."""
    parser.add_argument("action", choices=("create", "seal", "list"))
    parser.add_argument("name", nargs="?", default="main")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it and say so."""
    if arguments.action == "list":
        with connect_postgres(settings, application="dataset") as connection:
            for name, created, sealed in connection.execute(
                "SELECT name, created_at, sealed_offsets IS NOT NULL FROM dataset ORDER BY created_at"
            ):
                print(f"{name:<42}{created:%Y-%m-%d %H:%M:%S}  {'sealed' if sealed else 'open'}")
        return 0
    try:
        name = checked_dataset(arguments.name)
    except ValueError as error:
        raise BadSetting(str(error)) from error
    if arguments.action == "create":
        create_dataset(name, settings)
    else:
        seal(name, settings)
    return 0
