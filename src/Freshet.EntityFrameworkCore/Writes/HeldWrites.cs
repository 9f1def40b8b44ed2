using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// C8: what was written in transactions that may be open and whose end is not seen. It was touched when it was written, and the
/// commit comes later, so whatever is loaded from it until the end is known may be the state from before. Safe for concurrent use.
/// </summary>
internal sealed class HeldWrites
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Tenant Tenant, Tag Tag), int> _held = [];
    private volatile bool _any;

    /// <summary>Call it before the touches are logged: who reads before the call is found out by the touch.</summary>
    public void Hold(IEnumerable<Touch> touches)
    {
        lock (_gate)
        {
            foreach (var touch in touches)
                _held[(touch.Tenant, touch.Tag)] = _held.GetValueOrDefault((touch.Tenant, touch.Tag)) + 1;
            _any = _held.Count > 0;
        }
    }

    /// <summary>The transaction has ended: what is read from now on is what it left.</summary>
    public void Release(IEnumerable<Touch> touches)
    {
        lock (_gate)
        {
            foreach (var touch in touches)
            {
                if (--_held[(touch.Tenant, touch.Tag)] == 0)
                    _held.Remove((touch.Tenant, touch.Tag));
            }

            _any = _held.Count > 0;
        }
    }

    /// <summary>Whether something that the dependency is on is held.</summary>
    public bool Concern(Tenant tenant, Dependency dependency)
    {
        if (!_any)
            return false;
        lock (_gate)
            return _held.Keys.Any(h => h.Tenant == tenant && Hits(h.Tag, dependency));
    }

    // A touch hits what is at the tag, everything under it, and the subtrees that it is in.
    private static bool Hits(Tag touched, Dependency dependency)
    {
        var above = touched.Segments;
        var below = dependency.Tag.Segments;
        if (above.Length > below.Length && !dependency.IsSubtree)
            return false;
        for (var i = 0; i < Math.Min(above.Length, below.Length); i++)
        {
            if (!string.Equals(above[i], below[i], StringComparison.Ordinal))
                return false;
        }

        return true;
    }
}
