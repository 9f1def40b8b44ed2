using System.Diagnostics.CodeAnalysis;

namespace Freshet.Memory;

internal static class Corruption
{
    /// <summary>The check of the validators: what must hold whenever the store's lock is free.</summary>
    public static void Unless([DoesNotReturnIf(false)] bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException($"The memory tier is corrupt: {otherwise}.");
    }
}
