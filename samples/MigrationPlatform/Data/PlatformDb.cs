using System.Text.Json;
using Freshet;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace MigrationPlatform.Data;

/// <summary>
/// The platform's database as one tenant sees it: every query is filtered by the tenant at work, rows of
/// another tenant cannot be written, and every change of a row raises the row's version.
/// </summary>
internal sealed class PlatformDb(DbContextOptions<PlatformDb> options, TenantContext tenants) : DbContext(options)
{
    public DbSet<Client> Clients => Set<Client>();
    public DbSet<Engagement> Engagements => Set<Engagement>();
    public DbSet<Import> Imports => Set<Import>();
    public DbSet<FieldMapping> FieldMappings => Set<FieldMapping>();
    public DbSet<Asset> Assets => Set<Asset>();
    public DbSet<User> Users => Set<User>();
    public DbSet<Country> Countries => Set<Country>();

    public string TenantId => tenants.Current.Name;

    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        StampChanges();
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        StampChanges();
        return base.SaveChanges(acceptAllChangesOnSuccess);
    }

    private void StampChanges()
    {
        foreach (var entry in ChangeTracker.Entries<IVersioned>())
        {
            if (entry.State is EntityState.Added or EntityState.Modified)
                entry.Entity.Version++;
            if (entry.State is not (EntityState.Unchanged or EntityState.Detached)
                && entry.Entity is TenantRow row && row.TenantId != TenantId)
                throw new InvalidOperationException($"A {entry.Metadata.ShortName()} of another tenant cannot be written.");
        }
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        OwnedByTenant<Client>(model);
        OwnedByTenant<Engagement>(model);
        OwnedByTenant<Import>(model);
        OwnedByTenant<FieldMapping>(model);
        OwnedByTenant<Asset>(model);
        OwnedByTenant<User>(model);

        model.Entity<Engagement>().HasOne(e => e.Client).WithMany().HasForeignKey(e => new { e.TenantId, e.ClientId });
        model.Entity<Import>().HasOne<Engagement>().WithMany().HasForeignKey(i => new { i.TenantId, i.EngagementId });
        model.Entity<FieldMapping>().HasOne<Import>().WithMany().HasForeignKey(m => new { m.TenantId, m.ImportId });
        model.Entity<Asset>().HasOne<Import>().WithMany().HasForeignKey(a => new { a.TenantId, a.ImportId });
        model.Entity<Asset>().HasIndex(a => new { a.TenantId, a.EngagementId });
        model.Entity<User>().HasIndex(u => new { u.TenantId, u.Login }).IsUnique();

        model.Entity<Import>().Property(i => i.RejectedRows).HasConversion(
            rows => JsonSerializer.Serialize(rows, JsonSerializerOptions.Default),
            text => JsonSerializer.Deserialize<List<RejectedRow>>(text, JsonSerializerOptions.Default)!,
            ValueComparer.CreateDefault<List<RejectedRow>>(favorStructuralComparisons: false));

        model.Entity<Country>().HasKey(c => c.Code);
        model.Entity<Country>().Property(c => c.Version).IsConcurrencyToken();
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        conventions.Properties<Enum>().HaveConversion<string>();

        // SQLite cannot order dates with an offset; milliseconds order and compare on every database.
        conventions.Properties<DateTimeOffset>().HaveConversion<Milliseconds>();
    }

    private void OwnedByTenant<T>(ModelBuilder model)
        where T : TenantRow =>
        model.Entity<T>(entity =>
        {
            entity.HasKey(row => new { row.TenantId, row.Id });
            entity.HasQueryFilter(row => row.TenantId == TenantId);
            entity.Property(row => row.Version).IsConcurrencyToken();
        });

    private sealed class Milliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(),
        value => DateTimeOffset.FromUnixTimeMilliseconds(value));
}
