namespace Freshet.Storage;

/// <summary>
/// Under which keys of data public data may be. A caller that sets or removes a key in its tenant does not know whether a public value
/// was made under it too; without this, each such call would be a record in the public log, which every client of every tenant follows.
/// No call fails. Implementations are safe for concurrent use.
/// </summary>
/// <remarks>
/// Nothing is missed: a load adds its key before it reads anything, and a writer asks after its change was committed. When the writer
/// does not find the key, the load has read what the writer wrote.
/// </remarks>
internal interface IPublicKeyStore
{
    /// <summary>A load of public data is about to read.</summary>
    /// <param name="key">The tag of its key.</param>
    /// <returns>False when no writer could find it: what is loaded must not be stored.</returns>
    ValueTask<bool> TryAddAsync(Tag key);

    /// <summary>Whether public data may have been made under a key; true when that cannot be told.</summary>
    ValueTask<bool> MayHoldAsync(Tag key);
}
