using Freshet.Memory;

namespace Freshet.Loading;

/// <summary>
/// One cached read inside a load (C3). Every way out of the read passes here, and each must say what the read was made from;
/// a way that says nothing makes the load around it unstorable, so none can be forgotten. Not thread-safe: it belongs to one
/// flow of control.
/// </summary>
internal sealed class NestedRead : IDisposable
{
    private bool _isKnown;

    /// <summary>A read begins. Whatever comes of it, the load around it depends on its key.</summary>
    public NestedRead(LoadScope outer, in LoadRequest request)
    {
        Outer = outer;
        if (request.Self is { } self)
            outer.DependsOn(request.Tenant, self);
    }

    /// <summary>The load that reads.</summary>
    public LoadScope Outer { get; }

    /// <summary>It ended with that entry, whoever loaded it.</summary>
    public void MadeFrom(CacheEntry entry)
    {
        Outer.Join(entry, isStale: false);
        _isKnown = true;
    }

    /// <summary>It ended with what that load brought, which is not stored.</summary>
    public void MadeFrom(LoadScope load)
    {
        Outer.Join(load);
        _isKnown = true;
    }

    /// <summary>
    /// It ended with the failure of that load. What the load had read decided that it failed; but a load that had read nothing,
    /// or gave up waiting, failed for a reason of which no record is ever made.
    /// </summary>
    public void FailedIn(LoadScope load, Exception error)
    {
        if (load.HasRead && error is not OperationCanceledException)
            MadeFrom(load);
    }

    /// <summary>It ended with nothing, because nothing valid is stored: that is made from its key alone.</summary>
    public void FoundNothing() => _isKnown = true;

    public void Dispose()
    {
        if (!_isKnown)
            Outer.DoNotStore(CacheReason.NestedUnknown);
    }
}
