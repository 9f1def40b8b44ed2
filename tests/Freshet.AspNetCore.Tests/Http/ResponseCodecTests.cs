using System.Buffers;
using System.Text.Json;
using Freshet.AspNetCore.Http;
using Freshet.Loading;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Tests.Http;

public class ResponseCodecTests
{
    private static StoredResponse Response(JsonElement vector) => new()
    {
        StatusCode = vector.GetProperty("status").GetInt32(),
        Identity = new StoredVariant(null, Convert.FromHexString(vector.GetProperty("body").GetString()!), vector.GetProperty("tag").GetString()!),
        ContentType = vector.GetProperty("contentType").GetString(),
        LastModified = vector.GetProperty("lastModified").GetString(),
        CacheControl = vector.GetProperty("cacheControl").GetString()!,
        Vary = vector.GetProperty("vary").GetString(),
        Groups = vector.GetProperty("groups").GetString(),
        Headers = [.. vector.GetProperty("fields").EnumerateArray().Select(f => new KeyValuePair<string, StringValues>(
            f[0].GetString()!, new StringValues([.. f[1].EnumerateArray().Select(v => v.GetString())])))],
        Limits = new FreshnessLimits(Time(vector, "lifetime"), Time(vector, "whileRevalidate"), Time(vector, "ifError")),
        IsCompressible = vector.GetProperty("compressible").GetBoolean(),
    };

    private static TimeSpan Time(JsonElement vector, string name) => TimeSpan.FromMilliseconds(vector.GetProperty(name).GetInt64());

    private static byte[] Write(object value)
    {
        var target = new ArrayBufferWriter<byte>();
        Assert.True(ResponseCodec.Instance.TryWrite(value, target, out var form));
        Assert.Equal(ValueForm.Response, form);
        return target.WrittenSpan.ToArray();
    }

    private static StoredResponse Read(ReadOnlySpan<byte> bytes)
    {
        Assert.True(ResponseCodec.Instance.TryRead(ValueForm.Response, bytes, out var value, out var size));
        var response = Assert.IsType<StoredResponse>(value);
        Assert.Equal(response.Bytes, size);
        return response;
    }

    private static JsonElement[] Vectors()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "responses.json")));
        return [.. vectors.RootElement.EnumerateArray().Select(v => v.Clone())];
    }

    [Fact]
    public void GoldenBytes_AreWrittenAndRead()
    {
        Assert.NotEmpty(Vectors());
        foreach (var vector in Vectors())
        {
            var response = Response(vector);
            var hex = vector.GetProperty("bytes").GetString()!;
            Assert.Equal(hex, Convert.ToHexStringLower(Write(response)));

            var read = Read(Convert.FromHexString(hex));
            Assert.Equal(
                (response.StatusCode, response.ContentType, response.LastModified, response.CacheControl, response.Vary, response.Groups, response.Limits, response.IsCompressible),
                (read.StatusCode, read.ContentType, read.LastModified, read.CacheControl, read.Vary, read.Groups, read.Limits, read.IsCompressible));
            Assert.Equal((response.Identity.ETag, response.Identity.Coding), (read.Identity.ETag, read.Identity.Coding));
            Assert.Equal(response.Identity.Body, read.Identity.Body);
            Assert.Equal(response.Headers, read.Headers);
        }
    }

    [Fact]
    public void CutOff_IsNoResponse_OrOneWithLessOfABody()
    {
        var bytes = Write(Response(Vectors()[0]));
        var body = Vectors()[0].GetProperty("body").GetString()!.Length / 2;
        for (var length = 0; length < bytes.Length - body; length++)
            Assert.False(ResponseCodec.Instance.TryRead(ValueForm.Response, bytes.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void OtherVersionFlagsOrForm_IsNoResponse()
    {
        var bytes = Write(Response(Vectors()[0]));
        Assert.False(ResponseCodec.Instance.TryRead(ValueForm.Data, bytes, out _, out _));
        Assert.False(ResponseCodec.Instance.TryRead(ValueForm.Response, [2, .. bytes[1..]], out _, out _));
        Assert.False(ResponseCodec.Instance.TryRead(ValueForm.Response, [1, 2, .. bytes[2..]], out _, out _));
    }

    [Fact]
    public void WhatIsNoStoredResponse_IsNotWritten() =>
        Assert.False(ResponseCodec.Instance.TryWrite("text", new ArrayBufferWriter<byte>(), out _));
}
