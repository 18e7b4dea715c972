"""SCRAM users and access rules of Kafka as declared."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from crossover.access.principals import PRINCIPALS, Principal
from crossover.connections import kafka_admin
from crossover.errors import ServiceDown
from crossover.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka import KafkaError
    from confluent_kafka.admin import AclBinding, AdminClient

log = logging.getLogger(__name__)

# librdkafka tells a time-out itself, with its reason; the margin is for a busy machine.
TIMEOUT_SECONDS, ANSWER_MARGIN_SECONDS = 30.0, 10.0
ITERATIONS = 8192


def users() -> list[Principal]:
    """The principals that Kafka knows."""
    return [principal for principal in PRINCIPALS if principal.kafka]


def as_admin(settings: Settings) -> Settings:
    """Settings of the super user."""
    access = settings.access
    admin = {"user": access.kafka_admin_user, "password": access.kafka_admin_password}
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update=admin)})


def make_users(settings: Settings) -> None:
    """Set every user's password and rules; a rule of ours that is no longer declared goes. Raises ServiceDown."""
    from confluent_kafka import KafkaException

    problems: list[KafkaError] = []
    # librdkafka would write a line for every failed attempt to connect; the last one is told below.
    admin = kafka_admin(as_admin(settings), log_level=0, error_cb=problems.append)
    try:
        _set_passwords(admin, settings)
        wanted, held = set(bindings()), set(_held(admin))
        missing, stale = wanted - held, held - wanted
        if missing:
            _settle(admin.create_acls(list(missing), request_timeout=TIMEOUT_SECONDS))
        if stale:
            _settle(admin.delete_acls([_exactly(rule) for rule in stale], request_timeout=TIMEOUT_SECONDS))
    except (KafkaException, TimeoutError) as error:
        why = problems[-1].str() if problems else str(error) or "no answer in time"
        raise ServiceDown(f"Kafka did not take users and rules: {why}") from error
    log.info("Kafka: %d users, %d rules (%d new, %d dropped)", len(users()), len(wanted), len(missing), len(stale))


def _settle(requests: "Mapping[Any, Future[Any]]") -> None:
    for request in requests.values():
        request.result(TIMEOUT_SECONDS + ANSWER_MARGIN_SECONDS)


def bindings() -> "list[AclBinding]":
    """The declared rules in Kafka's form."""
    from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

    return [
        AclBinding(
            ResourceType[rule.resource.value],
            rule.prefix,
            ResourcePatternType.PREFIXED,
            f"User:{principal.name}",
            "*",
            AclOperation[operation],
            AclPermissionType.ALLOW,
        )
        for principal in users()
        for rule in principal.kafka
        for operation in rule.operations
    ]


def _set_passwords(admin: "AdminClient", settings: Settings) -> None:
    from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

    form = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    changes = [
        UserScramCredentialUpsertion(user.name, form, settings.access.password_of(user.name).encode())
        for user in users()
    ]
    _settle(admin.alter_user_scram_credentials(changes, request_timeout=TIMEOUT_SECONDS))


def _held(admin: "AdminClient") -> "list[AclBinding]":
    from confluent_kafka.admin import (
        AclBindingFilter,
        AclOperation,
        AclPermissionType,
        ResourcePatternType,
        ResourceType,
    )

    every = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    ours = {f"User:{principal.name}" for principal in PRINCIPALS}
    found = admin.describe_acls(every, request_timeout=TIMEOUT_SECONDS).result(TIMEOUT_SECONDS + ANSWER_MARGIN_SECONDS)
    return [rule for rule in found if rule.principal in ours]


def _exactly(rule: "AclBinding") -> "AclBinding":
    from confluent_kafka.admin import AclBindingFilter

    return AclBindingFilter(
        rule.restype,
        rule.name,
        rule.resource_pattern_type,
        rule.principal,
        rule.host,
        rule.operation,
        rule.permission_type,
    )
