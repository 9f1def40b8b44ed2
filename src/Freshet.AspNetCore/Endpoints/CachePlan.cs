using Freshet.AspNetCore.Http;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>A policy as it is applied: compiled once for each endpoint, immutable.</summary>
internal sealed class CachePlan
{
    /// <summary>What all keys of the endpoint begin with, written by a <see cref="Keys.KeyWriter"/>.</summary>
    public required string KeyPrefix { get; init; }

    public required FreshnessLimits Limits { get; init; }

    public required CacheScope Scope { get; init; }

    public required string[] Claims { get; init; }

    public required string[] Headers { get; init; }

    public required string[] Cookies { get; init; }

    /// <summary>The query values that the handler sees; null: the whole query.</summary>
    public required string[]? QueryNames { get; init; }

    public required Func<HttpContext, string?>[] KeyParts { get; init; }

    public required Func<HttpContext, Dependency>[] Tags { get; init; }

    public required TagTemplate[] TagTemplates { get; init; }

    /// <summary>Whether an answer that depends on nothing may be stored where a data layer is registered.</summary>
    public required bool IsAgeOnly { get; init; }

    public required Func<HttpContext, bool>[] Conditions { get; init; }

    public required int[] Statuses { get; init; }

    public required int MaxBodyBytes { get; init; }

    public required string? VersionProperty { get; init; }

    /// <summary>The <c>Cache-Control</c> field that clients get (C15).</summary>
    public required string CacheControl { get; init; }

    /// <summary>
    /// Whether clients may be told what the answer was made from, so that they keep it: not where they cannot tell for which of
    /// their requests it is good, nor where the browser answers by itself.
    /// </summary>
    public required bool NamesGroups { get; init; }

    /// <summary>The request headers that <c>Vary</c> names; null for none.</summary>
    public required string? Vary { get; init; }
}

/// <summary>What the middleware does for an endpoint.</summary>
internal sealed class EndpointPlan
{
    /// <summary>The policy; null when the endpoint declares none, or when <see cref="Fault"/> says why it cannot be applied.</summary>
    public CachePlan? Cached { get; init; }

    /// <summary>Whether authorization decides who may see the answer, so that it must have run.</summary>
    public bool NeedsAuthorization { get; init; }

    /// <summary>Whether the request is none of the cache's: the endpoint of the events.</summary>
    public bool PassesThrough { get; init; }

    /// <summary>Whether answers carry an entity tag; false for those that say no, and for those that have streamed.</summary>
    public bool AnswersConditionally { get; set; } = true;

    public IfMatchMetadata? IfMatch { get; init; }

    /// <summary>What is wrong with the endpoint's policy, and how to put it right.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether the one error about it has been logged.</summary>
    public bool HasReported { get; set; }

    /// <summary>Why its answers were not stored.</summary>
    public Refusals Refusals { get; } = new();
}
