using System.ComponentModel;

namespace Freshet.Benchmarks.Data;

/// <summary>A value that caches may hand out as it is: what is measured is the cache, not a serializer.</summary>
[ImmutableObject(true)]
public sealed record Payload(int Id, string Name)
{
    public static readonly Payload Sample = new(42, "a name");
}
