using System.Text.Json;
using Freshet.Loading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Freshet.Tests.Loading;

/// <summary>What another node has written, read here.</summary>
public sealed class DataFormTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void WhatABuildWithOtherMembersWrote_IsFoundOutWhenItIsRead_NotByEachCaller()
    {
        var form = new DataSerializers(_services, Options.Create(new FreshetOptions())).For<List<int>>();
        Assert.True(form.TryRead(ValueForm.Data, "[1,2]"u8, out var value, out _));
        Assert.Equal([1, 2], form.Read(value));
        Assert.ThrowsAny<JsonException>(() => form.TryRead(ValueForm.Data, """{"items":[1,2]}"""u8, out _, out _));
    }
}
