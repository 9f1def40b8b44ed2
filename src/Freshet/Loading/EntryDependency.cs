namespace Freshet.Loading;

/// <summary>One thing an entry was made from, and whose it is.</summary>
internal readonly record struct EntryDependency(Tenant Tenant, Dependency Dependency);
