namespace Freshet;

/// <summary>How much the memory tier of one process may hold.</summary>
public sealed class MemoryOptions
{
    /// <summary>
    /// Bytes that all entries together may occupy: values, keys and bookkeeping. Default 256 MiB; at least 64 KiB.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64 KiB.</exception>
    public long CapacityBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 64L << 10);
            field = value;
        }
    } = 256L << 20;

    /// <summary>
    /// Bytes that one entry may occupy; a larger one is served but not stored. Default 4 MiB; positive. Whatever it says, an
    /// entry may not occupy more than a tenth of <see cref="CapacityBytes"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxEntryBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 4L << 20;
}
