"""What can be wrong with the means of sealing, as opposed to what is sealed."""

from store.errors import StoreError


class BadSealKey(StoreError):
    """A text that is no signing key."""

    def __init__(self, origin: str) -> None:
        super().__init__(f"Expected 32 bytes in base64 in {origin} as the key that signs seals")
        self.origin = origin


class SealKeyMissing(StoreError):
    """Seals exist, but the key that signed them does not."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"Expected the key that signs seals in {origin} or in ONEFOLD_SEAL_KEY, found neither; "
            "there are seals already, and a second key would not continue them"
        )
        self.origin = origin


class Unsealed(StoreError):
    """There is nothing sealed yet."""

    def __init__(self, where: object) -> None:
        super().__init__(f"Expected seals in {where}, found none; `onefold audit seal` makes them")
        self.where = where


class BadExport(StoreError):
    """A file that is no export of seals, or no proof."""

    def __init__(self, origin: object, why: str) -> None:
        super().__init__(f"Expected {origin} to be what `onefold audit` wrote, but {why}")
        self.origin = origin
