using Freshet.Coherence;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// What the cache knows of one request, kept as a feature of its context. Pooled: it lives exactly as long as the request
/// is being served, and each request has its own.
/// </summary>
internal sealed class RequestState : IResettable
{
    /// <summary>Taken ahead of everything else (C1).</summary>
    public Arrival Arrival { get; set; }

    public CacheReason Verdict { get; set; }

    /// <summary>The load that this request runs for the cache; null when it is served without.</summary>
    public LoadScope? Load { get; set; }

    /// <summary>What the request writes; null while nobody notes it.</summary>
    public AcknowledgedWrites? Writes { get; set; }

    /// <summary>What the request demands of the version it writes against.</summary>
    public IfMatch? IfMatch { get; set; }

    /// <summary>The version of what is answered, as its handler says.</summary>
    public long? Version { get; set; }

    /// <summary>Whether the answer is to be an explanation instead of the resource.</summary>
    public bool IsExplain { get; set; }

    /// <summary>Whether the handler threw while it was run for the cache.</summary>
    public bool HasFailed { get; set; }

    // By type, not by the generic methods: those look the type argument up at run time for each feature they compare.
    public static RequestState? Of(HttpContext context) => (RequestState?)context.Features[typeof(RequestState)];

    public void Attach(HttpContext context) => context.Features[typeof(RequestState)] = this;

    public static void Detach(HttpContext context) => context.Features[typeof(RequestState)] = null;

    public bool TryReset()
    {
        Arrival = default;
        Verdict = CacheReason.None;
        Load = null;
        Writes = null;
        IfMatch = null;
        Version = null;
        IsExplain = false;
        HasFailed = false;
        return true;
    }
}
