namespace Freshet.Memory;

/// <summary>What became of an entry that was handed to <see cref="MemoryStore.Put"/>.</summary>
internal enum PutVerdict
{
    Stored,

    /// <summary>C11: the entry that is there has the same or a higher (fence, ticket).</summary>
    NotNewer,

    /// <summary>It exceeds what one entry may occupy.</summary>
    TooLarge,
}
