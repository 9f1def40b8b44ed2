using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

/// <summary>A ticket of a tenant, with a table for each spelling of its filter.</summary>
public interface ITicket
{
    int Id { get; set; }

    string Tenant { get; set; }

    string Title { get; set; }

    bool IsDeleted { get; set; }
}

public sealed class Ticket<TSpelling> : ITicket
{
    public int Id { get; set; }

    public string Tenant { get; set; } = "";

    public string Title { get; set; } = "";

    public bool IsDeleted { get; set; }

    public List<Comment<TSpelling>> Comments { get; } = [];
}

public sealed class Comment<TSpelling>
{
    public int Id { get; set; }

    public int TicketId { get; set; }

    public string Tenant { get; set; } = "";

    public string Text { get; set; } = "";
}

/// <summary>The tenant of a request, as many applications hand it to their context.</summary>
public sealed class CurrentTenant
{
    public string? Name { get; set; }

    public bool HasName => Name is not null;
}

/// <summary>The spellings.</summary>
public static class Spelling
{
    public sealed class NullTenant;

    public sealed class HasTenant;

    public sealed class IsNullOrEmpty;

    public sealed class IsAdmin;

    public sealed class AdminLast;

    public sealed class NotDeleted;

    public sealed class TwoFilters;

    public sealed class Ternary;

    public sealed class TernaryReversed;

    public sealed class AndOfGuards;

    public sealed class EitherWay;

    public sealed class Negated;

    public sealed class Service;

    public sealed class Flag;
}

/// <summary>A context that shows all tenants to whoever has none: an administrator, or a job.</summary>
public sealed class FilteredDb(DbContextOptions<FilteredDb> options) : DbContext(options)
{
    /// <summary>Null for those who see all.</summary>
    public string? TenantName { get; set; } = "t1";

    public bool HasTenant => TenantName is not null;

    public bool IsAdmin => TenantName is null;

    public bool SeesAll { get; set; }

    public bool ShowsAll { get; set; } = true;

    public CurrentTenant Current => new() { Name = TenantName };

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        Add<Spelling.NullTenant>(modelBuilder, t => TenantName == null || t.Tenant == TenantName);
        Add<Spelling.HasTenant>(modelBuilder, t => !HasTenant || t.Tenant == TenantName);
        Add<Spelling.IsNullOrEmpty>(modelBuilder, t => string.IsNullOrEmpty(TenantName) || t.Tenant == TenantName);
        Add<Spelling.IsAdmin>(modelBuilder, t => IsAdmin || t.Tenant == TenantName);
        Add<Spelling.AdminLast>(modelBuilder, t => t.Tenant == TenantName || IsAdmin);
        Add<Spelling.NotDeleted>(modelBuilder, t => (IsAdmin || t.Tenant == TenantName) && !t.IsDeleted);
        Add<Spelling.TwoFilters>(modelBuilder, null);
        modelBuilder.Entity<Ticket<Spelling.TwoFilters>>()
            .HasQueryFilter("tenant", t => TenantName == null || t.Tenant == TenantName)
            .HasQueryFilter("deleted", t => ShowsAll || !t.IsDeleted);
        Add<Spelling.Ternary>(modelBuilder, t => IsAdmin ? true : t.Tenant == TenantName);
        Add<Spelling.TernaryReversed>(modelBuilder, t => HasTenant ? t.Tenant == TenantName : true);
        Add<Spelling.AndOfGuards>(modelBuilder, t => (IsAdmin && ShowsAll) || t.Tenant == TenantName);
        Add<Spelling.EitherWay>(modelBuilder, t => (HasTenant && t.Tenant == TenantName) || IsAdmin);
        Add<Spelling.Negated>(modelBuilder, t => !(HasTenant && t.Tenant != TenantName));
        Add<Spelling.Service>(modelBuilder, t => !Current.HasName || t.Tenant == Current.Name);
        Add<Spelling.Flag>(modelBuilder, t => SeesAll || TenantName == null || t.Tenant == TenantName);
        modelBuilder.Entity<Comment<Spelling.NullTenant>>().HasQueryFilter(c => TenantName == null || c.Tenant == TenantName);
    }

    private static void Add<TSpelling>(ModelBuilder model, Expression<Func<Ticket<TSpelling>, bool>>? filter)
    {
        model.Entity<Ticket<TSpelling>>(b =>
        {
            b.ToTable("Tickets" + typeof(TSpelling).Name).HasMany(t => t.Comments).WithOne().HasForeignKey(c => c.TicketId);
            if (filter is not null)
                b.HasQueryFilter(filter);
        });
        model.Entity<Comment<TSpelling>>().ToTable("Comments" + typeof(TSpelling).Name);
    }
}
