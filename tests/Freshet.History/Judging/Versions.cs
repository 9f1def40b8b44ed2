namespace Freshet.History.Judging;

/// <summary>The versions of one row that somebody was told of, and since when: only what is above all before it counts.</summary>
internal sealed class Versions
{
    private readonly List<(long At, long Version)> _told = [];

    public long Highest => _told.Count == 0 ? 0 : _told[^1].Version;

    /// <summary>From that time on the version is known.</summary>
    public void Add(long at, long version)
    {
        if (version > Highest)
            _told.Add((_told.Count == 0 ? at : Math.Max(at, _told[^1].At), version));
    }

    /// <summary>The highest version that was known at that time; 0 for none.</summary>
    public long At(long time)
    {
        // What is asked for is nearly always among the last.
        for (var i = _told.Count - 1; i >= 0; i--)
        {
            if (_told[i].At <= time)
                return _told[i].Version;
        }

        return 0;
    }

    public void Clear() => _told.Clear();
}
