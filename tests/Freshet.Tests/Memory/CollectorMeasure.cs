namespace Freshet.Tests.Memory;

/// <summary>Nothing else runs beside the tests that ask the collector how much memory there is.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CollectorMeasure
{
    public const string Name = "the collector's figures";

    /// <summary>Bytes of all objects that are alive.</summary>
    public static long Alive()
    {
        // What has a finalizer goes with the collection after the one that finds it.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
