using Freshet.Contract;
using Freshet.TestServers;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Redis.Tests.Contract;

/// <summary>The contract, by a real Redis.</summary>
public sealed class RedisStoreContract : StoreContract
{
    private RedisServer _redis = null!;

    protected override async Task UseAsync(FreshetBuilder freshet)
    {
        _redis = await RedisServer.StartAsync();
        freshet.UseRedis(_redis.Address, o => o.Secret = Convert.ToBase64String(new byte[32]));
    }

    protected override async Task EndAsync() => await _redis.DisposeAsync();
}
