namespace Freshet.Loading;

/// <summary>
/// The tag of a key of data. It says where a value is kept, and nothing of what it was made from. Its first segment is
/// reserved: no entity has it. Pure.
/// </summary>
internal static class DataKey
{
    private const string Segment = "\u0001key";

    public static Tag TagOf(string key) => Tag.Of(Segment, key);

    public static bool Is(Dependency dependency) => dependency.Tag.Segments is [Segment, ..];
}
