using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Server.Sharing.Entities;

/// <summary>What one grant lets through of the entities of its dataset: its fields as attributes, its rows as a test of each entity. Used by one thread at a time.</summary>
internal sealed class GrantedSight : EntitySight
{
    private readonly EntityFields _fields;
    private readonly (int Field, BatchBuilder Cell, RowFilter Filter)[] _rules;
    private readonly int[] _one = [0];

    public GrantedSight(EntityPermit permit, EntityFields fields)
    {
        var dataset = permit.Permit.Dataset;
        _fields = fields;
        Attributes = fields.Within(permit.Fields);
        Types = [Iris.Intern(dataset.EntityType ?? "")];
        Scoped = fields.IsScoped(permit.Fields);
        _rules = [.. permit.Permit.Obligations.Rows.Select(rule => RuleOf(rule, dataset))];
        RuledBy = [.. _rules.Select(r => r.Field < 0 ? null : fields.AttributeOf(r.Field)).OfType<int>().Distinct()];
        TimedBy = _rules.Any(r => r.Field >= 0 && fields.IsTime(r.Field)) ? fields.Attributes : null;
    }

    public override IReadOnlySet<int> Attributes { get; }

    public override int[] Types { get; }

    public override bool Scoped { get; }

    public override bool HasRows => _rules.Length > 0;

    public override IReadOnlyCollection<int> RuledBy { get; }

    public override IReadOnlySet<int>? TimedBy { get; }

    /// <summary>Every rule; where an attribute has several instances, for each of them.</summary>
    public override bool Holds(Entity entity)
    {
        foreach (var rule in _rules)
        {
            if (rule.Field < 0 || _fields.AttributeOf(rule.Field) is not { } name)
            {
                if (rule.Field < 0 || !Holds(rule, cell => _fields.Put(cell, rule.Field, entity)))
                    return false;
                continue;
            }

            var any = false;
            foreach (var attribute in entity.Attributes)
                if (attribute.Name == name && !(any = Holds(rule, cell => _fields.Put(cell, rule.Field, attribute))))
                    return false;
            if (!any)
                return false;
        }

        return true;
    }

    public override bool HoldsWith(Attribute instance)
    {
        foreach (var rule in _rules)
            if (rule.Field >= 0 && _fields.AttributeOf(rule.Field) == instance.Name && !Holds(rule, cell => _fields.Put(cell, rule.Field, instance)))
                return false;
        return true;
    }

    /// <summary>A scope that decides changes with time, and is followed nowhere: its entities have no history here.</summary>
    public override bool HoldsOf(string id)
    {
        var bare = new Entity { Id = id, Types = Types, Attributes = [] };
        foreach (var rule in _rules)
            if (rule.Field < 0 || (_fields.AttributeOf(rule.Field) is null && !_fields.IsTime(rule.Field) && !Holds(rule, cell => _fields.Put(cell, rule.Field, bare))))
                return false;
        return true;
    }

    public override bool HoldsAt(Attribute instance)
    {
        foreach (var rule in _rules)
            if (rule.Field >= 0 && _fields.IsTime(rule.Field) && instance.ObservedAt != 0 && !Holds(rule, cell => _fields.Put(cell, rule.Field, instance)))
                return false;
        return true;
    }

    private (int, BatchBuilder, RowFilter) RuleOf(RowRule rule, Dataset dataset)
    {
        var field = _fields.IndexOf(rule.Field);
        var type = field < 0 ? ColumnType.Text : _fields.TypeOf(field);
        return (field, new BatchBuilder(new TableSchema([new TableColumn(rule.Field, type)]), 1), new RowFilter(0, type, rule));
    }

    private bool Holds((int Field, BatchBuilder Cell, RowFilter Filter) rule, Action<BatchBuilder> put)
    {
        rule.Cell.Clear();
        put(rule.Cell);
        _one[0] = 0;
        return rule.Filter.Keep(rule.Cell.Batch, _one) == 1;
    }
}

/// <summary>Of an entity that belongs to several datasets: what all of their grants let through.</summary>
internal sealed class CommonSight(IReadOnlyList<EntitySight> sights) : EntitySight
{
    public override IReadOnlySet<int>? Attributes { get; } = sights.Select(s => s.Attributes).OfType<IReadOnlySet<int>>().Aggregate((IReadOnlySet<int>?)null, (all, one) => all is null ? one : all.Intersect(one).ToHashSet());

    public override int[]? Types { get; } = sights.Any(s => s.Types is not null) ? [.. sights.SelectMany(s => s.Types ?? []).Distinct().Order()] : null;

    public override bool Scoped => sights.All(s => s.Scoped);

    public override bool HasRows => sights.Any(s => s.HasRows);

    public override IReadOnlyList<EntitySight> Parts => sights;

    public override IReadOnlyCollection<int> RuledBy { get; } = [.. sights.SelectMany(s => s.RuledBy).Distinct()];

    public override bool Holds(Entity entity) => sights.All(s => s.Holds(entity));

    public override bool HoldsWith(Attribute instance) => sights.All(s => s.HoldsWith(instance));

    public override bool HoldsOf(string id) => sights.All(s => s.HoldsOf(id));

    public override bool HoldsAt(Attribute instance) => sights.All(s => s.HoldsAt(instance));
}
