namespace Freshet.Memory;

/// <summary>
/// How many bytes objects take in a 64-bit process: 16 of every object are its header and its type, an array has 8 more for
/// its length, and all is rounded up to 8.
/// </summary>
internal static class ObjectSize
{
    /// <summary>An object without its fields.</summary>
    public const int Header = 16;

    /// <summary>A reference to an object.</summary>
    public const int Reference = 8;

    /// <summary>An array; without elements 0, since an empty one is shared.</summary>
    /// <param name="count">How many elements.</param>
    /// <param name="elementBytes">The size of one.</param>
    public static long Array(long count, int elementBytes) => count == 0 ? 0 : Align(Header + 8 + (count * elementBytes));

    /// <summary>A string; 0 for null and for the empty one, which is shared.</summary>
    public static long String(string? text) => string.IsNullOrEmpty(text) ? 0 : Align(Header + 6 + (2L * text.Length));

    /// <summary>A string that may be a literal: those exist once, whoever refers to them.</summary>
    public static long StringUnlessLiteral(string? text) =>
        text is null || ReferenceEquals(string.IsInterned(text), text) ? 0 : String(text);

    /// <summary>An object of fields that take so many bytes.</summary>
    public static long Object(long fieldBytes) => Math.Max(Header + 8, Align(Header + fieldBytes));

    private static long Align(long bytes) => (bytes + 7) & ~7L;
}
