namespace Freshet.Loading;

/// <summary>Which tiers a load leaves alone, as its caller asked.</summary>
[Flags]
internal enum TierSkips : byte
{
    None = 0,

    /// <summary>What is loaded is not kept in memory.</summary>
    MemoryWrite = 1,

    /// <summary>What other nodes have stored is not taken.</summary>
    SharedRead = 2,

    /// <summary>What is loaded is not stored for other nodes.</summary>
    SharedWrite = 4,
}
