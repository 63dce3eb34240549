"""The ids of calls say what must be found afterwards."""

from collections import defaultdict

import msgspec

from scripts.faults_calls import Client

CLIENTS, BATCHES = 3, 60


def sent(number: int, seed: int = 7) -> list[list[dict[str, str]]]:
    client = Client(seed, number, CLIENTS)
    batches = []
    for _ in range(BATCHES):
        message_ids, body = client.batch(100)
        batch = msgspec.json.decode(body)["batch"]
        assert [call["messageId"] for call in batch] == message_ids
        batches.append(batch)
    return batches


def own(batch: list[dict[str, str]]) -> list[dict[str, str]]:
    return [call for call in batch if ":x" not in call["messageId"]]


def test_a_seed_gives_the_same_calls() -> None:
    assert sent(0) == sent(0)
    assert sent(0) != sent(0, seed=8)


def test_no_message_id_comes_twice() -> None:
    calls = [
        call["messageId"] for client in range(CLIENTS) for batch in sent(client) for call in batch
    ]
    assert len(set(calls)) == len(calls) == CLIENTS * BATCHES * 100


def test_the_calls_of_a_uid_are_numbered_without_a_gap() -> None:
    numbers: dict[str, list[int]] = defaultdict(list)
    for batch in sent(1):
        for call in own(batch):
            numbers[call["anonymousId"]].append(int(call["messageId"].rpartition(":")[2]))
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def test_in_one_batch_a_uid_names_its_customer_always_or_never() -> None:
    for batch in sent(2):
        named: dict[str, set[bool]] = defaultdict(set)
        for call in own(batch):
            named[call["anonymousId"]].add("userId" in call)
        assert all(len(found) == 1 for found in named.values())


def test_clients_claim_uids_of_each_other_some_for_customers_of_their_own() -> None:
    identifies = [call for batch in sent(0) for call in batch if call["type"] == "identify"]
    claimed = [call for call in identifies if call["anonymousId"].startswith("u7-1-")]
    assert {call["userId"][0] for call in claimed} == {"c", "r"}
    assert {call["anonymousId"][:5] for call in identifies} == {"u7-0-", "u7-1-"}


def test_a_customer_has_uids_of_several_clients() -> None:
    clients: dict[str, set[str]] = defaultdict(set)
    for number in range(CLIENTS):
        for batch in sent(number):
            for call in own(batch):
                if "userId" in call:
                    clients[call["userId"]].add(call["anonymousId"].rpartition("-")[0])
    assert max(map(len, clients.values())) == 3
