using Freshet.Contract;

namespace Freshet.Tests.Storage;

/// <summary>The contract, by the store in this process.</summary>
public sealed class EmbeddedStoreContract : StoreContract
{
    protected override Task UseAsync(FreshetBuilder freshet) => Task.CompletedTask;
}
