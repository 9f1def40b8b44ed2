namespace Freshet.History.Judging;

/// <summary>What was judged, in numbers.</summary>
internal sealed class Tally
{
    /// <summary>Rows that were read: a list or a batch counts each of its rows.</summary>
    public long Reads { get; set; }

    /// <summary>Rows that were loaded for the call that read them.</summary>
    public long Loads { get; set; }

    public long Writes { get; set; }

    /// <summary>Writes that were reported pending.</summary>
    public long Pending { get; set; }

    /// <summary>Writes that other nodes need not show before their node has reached them: pending, or logged by an isolated old primary.</summary>
    public long Unheard { get; set; }

    /// <summary>Calls whose answer was too old, on a node that could reach only an isolated old primary.</summary>
    public long Excused { get; set; }

    /// <summary>Answers that broke the promise, by node and how.</summary>
    public Dictionary<(int Node, BrokenKind Kind), long> Broken { get; } = [];

    public long BrokenInAll => Broken.Values.Sum();

    public void Count(Broken broken) => Broken[(broken.By.Node, broken.Kind)] = Broken.GetValueOrDefault((broken.By.Node, broken.Kind)) + 1;

    public void Add(Tally other)
    {
        (Reads, Loads, Writes) = (Reads + other.Reads, Loads + other.Loads, Writes + other.Writes);
        (Pending, Unheard, Excused) = (Pending + other.Pending, Unheard + other.Unheard, Excused + other.Excused);
        foreach (var (what, count) in other.Broken)
            Broken[what] = Broken.GetValueOrDefault(what) + count;
    }

    public double HitRatio => Reads == 0 ? 0 : 1 - ((double)Loads / Reads);
}
