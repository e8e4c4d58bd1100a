extension BarChart {
  package var svg: String {
    var drawing = Drawing(title: title, series: series)
    let axis = Axis(linear: groups.flatMap { $0.bars.flatMap { [$0.value, $0.low, $0.high] } })
    drawing.draw(upright: axis, unit: unit)
    let room = (Drawing.right - Drawing.left) / Double(max(groups.count, 1))
    let width = room * 0.8 / Double(max(series.count, 1))
    for (index, group) in groups.enumerated() {
      let left = Drawing.left + (Double(index) + 0.1) * room
      drawing.text(group.label, left + 0.4 * room, Drawing.bottom + 20, .middle)
      for (number, bar) in group.bars.enumerated() where bar.value.isFinite {
        let x = left + Double(number) * width
        let ends = [axis.y(0), axis.y(bar.value)].sorted()
        drawing.rectangle(x + 1, ends[0], width - 2, ends[1] - ends[0], series: number)
        drawing.error(x + width / 2, from: axis.y(bar.low), to: axis.y(bar.high))
      }
    }
    drawing.line(Drawing.left, axis.y(0), Drawing.right, axis.y(0), style: "axis")
    return drawing.svg
  }
}

extension LineChart {
  package var svg: String {
    var drawing = Drawing(title: title, series: series.map(\.name))
    let points = series.flatMap(\.points)
    let across = Axis(logarithmic: points.map(\.x))
    let up = Axis(logarithmic: points.flatMap { [$0.y.value, $0.y.low, $0.y.high] })
    drawing.draw(upright: up, unit: yUnit)
    for tick in across.ticks {
      drawing.line(across.x(tick), Drawing.top, across.x(tick), Drawing.bottom, style: "grid")
      drawing.text(Axis.label(tick), across.x(tick), Drawing.bottom + 18, .middle)
    }
    drawing.text(
      xUnit, (Drawing.left + Drawing.right) / 2, Drawing.bottom + 38, .middle)
    for (index, line) in series.enumerated() {
      let places = line.points.map { (x: across.x($0.x), y: up.y($0.y.value)) }
      drawing.path(places, series: index)
      for point in line.points {
        drawing.error(across.x(point.x), from: up.y(point.y.low), to: up.y(point.y.high))
      }
    }
    return drawing.svg
  }
}

extension Drawing {
  /// The upright axis with its grid.
  fileprivate mutating func draw(upright axis: Axis, unit: String) {
    for tick in axis.ticks {
      line(Self.left, axis.y(tick), Self.right, axis.y(tick), style: "grid")
      text(Axis.label(tick), Self.left - 8, axis.y(tick) + 4, .end)
    }
    text(unit, 18, (Self.top + Self.bottom) / 2, .middle, upright: true)
  }
}
