using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Encodes stored answers as ResponseCompression would, where the application has added it, wherever it stands in the
/// pipeline: inside, it sees a load that accepts no coding; outside, it finds the answer encoded. Safe for concurrent use.
/// </summary>
internal sealed class Encodings(IResponseCompressionProvider? compression = null)
{
    private const int MaxKnown = 64;
    private readonly ConcurrentDictionary<string, ICompressionProvider?> _chosen = new(StringComparer.Ordinal);

    /// <summary>Whether an answer may be encoded at all: its media type, its scheme, and what its handler said.</summary>
    /// <param name="load">The context of the load, its head complete.</param>
    public bool IsCompressible(HttpContext load) =>
        compression is not null
        && !CacheControl.Parse(load.Response.Headers.CacheControl).Has(CacheDirectives.NoTransform)
        && compression.ShouldCompressResponse(load);

    /// <summary>The variant to answer with: RFC 9110 §12.5.3, as ResponseCompression weighs it.</summary>
    public StoredVariant Choose(HttpContext context, StoredResponse response)
    {
        if (!response.IsCompressible || context.Request.Headers.AcceptEncoding is not { Count: > 0 } accepted)
            return response.Identity;

        var text = accepted.ToString();
        if (!_chosen.TryGetValue(text, out var provider))
        {
            provider = compression!.GetCompressionProvider(context);
            if (_chosen.Count < MaxKnown)
                _chosen.TryAdd(text, provider);
        }

        return provider is null ? response.Identity : response.Variant(provider.EncodingName, provider, Encode);
    }

    private static byte[] Encode(ICompressionProvider provider, byte[] body)
    {
        var encoded = new MemoryStream();
        using (var stream = provider.CreateStream(encoded))
            stream.Write(body);
        return encoded.ToArray();
    }
}
